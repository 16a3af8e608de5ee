-- Kept answers: which artifacts an answer tells of (a rollback's tells of several), so that a purge finds each of them;
-- and until when the first request still waits for its verdict (Prefer: wait), so that a repetition is not told half of it.
alter table idempotency_keys
  add column artifact_ids uuid[] not null default '{}',
  add column waiting_until timestamptz;
