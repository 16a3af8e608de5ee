-- Validation: a run is one quest for a verdict on exactly one content hash; its tries are the calls made for it.

create table validation_runs (
  id uuid primary key,
  group_id text not null,
  artifact_id uuid not null,
  artifact_type text not null,
  content_hash text not null constraint content_hash_is_sha256 check (content_hash ~ '^[0-9a-f]{64}$'),
  kind text not null constraint run_kind_is_known check (kind in ('submission', 'revalidation', 'recheck')),
  state text not null default 'waiting' constraint run_state_is_known check (
    state in ('waiting', 'running', 'error', 'held', 'passed', 'failed', 'expired', 'cancelled', 'not_required')),
  requires_validation boolean not null,
  awaited boolean not null default false,   -- somebody waits for the verdict (Prefer: wait): announce it
  recheck_id uuid,
  simulate boolean not null default false,
  attempts integer not null default 0,      -- tries that count against the validator's limit
  reason text,
  findings jsonb not null default '[]' constraint findings_are_a_list check (jsonb_typeof(findings) = 'array'),
  report_url text,
  poll_url text,                            -- where a 202 said the verdict will be
  traceparent text,
  created_at timestamptz not null default now(),
  deadline timestamptz not null,
  checked_at timestamptz,
  constraint run_belongs_to_an_artifact foreign key (group_id, artifact_id) references artifact_versions (group_id, artifact_id),
  constraint verdict_has_a_time check (state not in ('passed', 'failed', 'expired', 'cancelled', 'not_required') or checked_at is not null)
);
create index validation_runs_by_artifact on validation_runs (group_id, artifact_id, created_at desc);
create index validation_runs_open on validation_runs (deadline) where state in ('waiting', 'running', 'error');
create index validation_runs_of_recheck on validation_runs (recheck_id) where recheck_id is not null;

create table validation_tries (
  id uuid primary key,
  group_id text not null,
  run_id uuid not null references validation_runs (id),
  at timestamptz not null,
  duration_ms integer not null constraint duration_is_not_negative check (duration_ms >= 0),
  outcome text not null constraint outcome_is_known check (outcome in ('passed', 'failed', 'error', 'pending')),
  reason text
);
create index validation_tries_of_run on validation_tries (run_id, at desc);

-- A verdict, once stored, is never changed. Only maintenance may scrub findings (purge).
create function validation_run_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if (new.id, new.group_id, new.artifact_id, new.content_hash, new.kind, new.requires_validation, new.simulate)
     is distinct from (old.id, old.group_id, old.artifact_id, old.content_hash, old.kind, old.requires_validation, old.simulate) then
    raise exception 'the subject of a validation run is immutable' using errcode = 'check_violation', constraint = 'run_subject_is_immutable';
  end if;
  if old.state in ('passed', 'failed', 'expired', 'cancelled', 'not_required') and current_user <> 'keepr_maintenance' then
    raise exception 'a verdict is never changed' using errcode = 'check_violation', constraint = 'verdict_is_final';
  end if;
  if old.requires_validation and new.state = 'not_required' then
    raise exception 'this run requires a validator' using errcode = 'check_violation', constraint = 'required_validation_is_not_skipped';
  end if;
  return new;
end $$;
create trigger validation_run_guard before update on validation_runs for each row execute function validation_run_guard();
