-- What happened (artifact_events, append-only, gapless per name) and what must follow from it (outbox).

create table artifact_events (
  id uuid primary key,
  group_id text not null,
  artifact_id uuid not null,
  type text not null,
  name text not null,
  version text not null,
  sequence bigint not null constraint sequence_is_positive check (sequence > 0),
  event_type text not null constraint event_type_is_known check (event_type in (
    'created', 'submitted', 'draft_updated', 'discarded', 'published', 'blocked', 'rollback', 'restored', 'archived',
    'metadata_updated', 'policy_updated', 'revalidation_requested', 'verification_held', 'recheck_failed', 'cancelled', 'purged')),
  event_data jsonb not null default '{}' constraint event_data_is_an_object check (jsonb_typeof(event_data) = 'object'),
  actor text not null,                -- user_id, or system:<service>
  request_id text,
  -- the artifact as it was, for access and for subscribers
  status text not null,
  usage_policy text not null,
  content_hash text not null,
  created_by text not null,
  was_published boolean not null,     -- had been published by then: consumers may know of it
  created_at timestamptz not null default now(),
  constraint sequence_is_unique_per_name unique (group_id, type, name, sequence)
);
create index artifact_events_of_artifact on artifact_events (group_id, artifact_id, sequence);

create function events_are_append_only() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'UPDATE' and current_user = 'keepr_maintenance' and to_jsonb(new) - 'event_data' = to_jsonb(old) - 'event_data' then
    return new;
  end if;
  perform refuse('events_are_append_only', 'events are append-only');
  return null;
end $$;
create trigger events_are_append_only before update or delete on artifact_events for each row execute function events_are_append_only();

-- The order in which GET /events tells of events: given after their commit, one sequencer at a time, never below what
-- was already given. Positions are microseconds of the clock (or the last one plus one), so that a database restored
-- from a backup goes on above every position that it had handed out before.
create table event_feed (
  group_id text not null,
  position bigint not null,
  event_id uuid not null references artifact_events (id),
  primary key (group_id, position)
);
create unique index event_feed_event on event_feed (event_id);
create unique index event_feed_position on event_feed (position);

-- Work that must follow from a commit, until its effect is committed. A relay leases due messages and wakes a worker
-- through the queue; the worker deletes the message (or moves due_at) in the transaction of its effect. A lease that
-- runs out means that the wake-up was lost: the message is relayed again. Ids only: never content, never secrets.
create table outbox (
  id uuid primary key,
  kind text not null constraint message_kind_is_known check (kind in ('validate_run', 'fan_out_events', 'deliver_webhook')),
  lane text not null,                 -- artifact type or subscriber: one slow lane delays no other
  group_id text not null,
  refs uuid[] not null constraint message_refers_to_something check (cardinality(refs) between 1 and 1000),
  due_at timestamptz not null default clock_timestamp(),
  leased_until timestamptz,
  generation integer not null default 0,  -- counts reschedulings; part of the queue's job id
  failures integer not null default 0,    -- relay attempts that the queue refused
  quarantined_at timestamptz,
  quarantine_reason text,
  sequenced boolean not null default false,  -- its events have their place in the feed
  traceparent text,
  created_at timestamptz not null default clock_timestamp() -- within one name: the order of its commits
);
create index outbox_unsequenced on outbox (created_at, id) where kind = 'fan_out_events' and not sequenced;
create unique index outbox_one_message_per_run_or_delivery on outbox (kind, (refs[1])) where kind <> 'fan_out_events';
create index outbox_due on outbox (kind, lane, group_id, due_at) where leased_until is null and quarantined_at is null;
create index outbox_leased on outbox (kind, lane, leased_until) where leased_until is not null and quarantined_at is null;
