-- Idempotency-Key records, cleanup plans and re-validations of a whole type.

create table idempotency_keys (
  group_id text not null,
  user_id text not null,
  route text not null,
  key text not null constraint key_has_sane_length check (length(key) between 1 and 255),
  request_hash text not null,
  answer_status integer not null,
  answer_headers jsonb not null,
  answer_body text not null,
  artifact_id uuid,                   -- whose answer this is, so that a purge finds it
  created_at timestamptz not null default now(),
  primary key (group_id, user_id, route, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

create table cleanup_plans (
  id uuid primary key,
  group_id text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  applied_at timestamptz,
  items jsonb not null constraint plan_items_are_a_list check (jsonb_typeof(items) = 'array')
);
create index cleanup_plans_by_group on cleanup_plans (group_id, created_at desc);

create table rechecks (
  id uuid primary key,
  artifact_type text not null,
  simulate boolean not null,
  state text not null default 'running' constraint recheck_state_is_known check (state in ('running', 'paused', 'done')),
  requested_by text not null,
  cursor uuid,                        -- the last artifact that was given a run
  total integer not null default 0,
  started integer not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create unique index rechecks_one_running_per_type on rechecks (artifact_type) where state <> 'done';

-- When a failed re-validation takes effect for a type with a grace period.
create table recheck_graces (
  group_id text not null,
  artifact_id uuid not null,
  run_id uuid not null references validation_runs (id),
  blocks_at timestamptz not null,
  primary key (group_id, artifact_id)
);
create index recheck_graces_due on recheck_graces (blocks_at);
