-- What retries and re-validations of a whole type need to know: how long a validator asked to be left
-- alone, and how far a re-validation is.

-- Retry-After: a recovered validator's other runs are brought forward, this one waits as it was asked to.
alter table validation_runs add column not_before timestamptz;

alter table rechecks
  add column passed integer not null default 0,
  add column failed integer not null default 0,
  add column unavailable integer not null default 0,  -- expired: no verdict, no effect
  add column skipped integer not null default 0;      -- no longer published when its turn came
