-- How often nobody finished a message before its lease ran out: what kills each worker that takes it rests ever longer.
alter table outbox add column expiries integer not null default 0;
