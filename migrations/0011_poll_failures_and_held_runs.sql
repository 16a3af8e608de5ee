-- How often asking for a promised verdict has failed in a row: those waits grow too, and use no attempt.
alter table validation_runs add column poll_failures integer not null default 0;

-- Runs that wait for a person are counted for a metric; few at any time, among all that have ever been.
-- The table is new with this release, so that nobody waits for the index.
-- squawk-ignore require-concurrent-index-creation
create index validation_runs_held on validation_runs (artifact_type) where state = 'held';
