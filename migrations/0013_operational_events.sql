-- What operators must learn of that happened to no artifact: a subscriber paused, probed, resumed, disabled, replayed.
-- Kept by age, unlike the events of artifacts.

create table operational_events (
  id uuid primary key,
  event_type text not null constraint operational_event_type_is_a_word check (event_type ~ '^[a-z_]{1,64}$'),
  subject text not null,              -- what it is about: the subscriber's name
  actor text not null,                -- user_id, or system:<service>
  event_data jsonb not null default '{}' constraint operational_event_data_is_an_object check (jsonb_typeof(event_data) = 'object'),
  created_at timestamptz not null default now()
);
create index operational_events_by_time on operational_events (created_at desc, id desc);
create index operational_events_by_subject on operational_events (subject, created_at desc, id desc);

alter table operational_events enable row level security;
alter table operational_events force row level security;
create policy maintenance on operational_events to keepr_maintenance using (true) with check (true);
grant select, insert on operational_events to keepr_api;
create policy api_operators on operational_events to keepr_api using ((select has_role('operator'))) with check ((select has_role('operator')));
grant select, insert, delete on operational_events to keepr_webhook;
create policy webhook_reports on operational_events to keepr_webhook using (true) with check (true);
grant insert on operational_events to keepr_validation;
create policy validation_reports on operational_events for insert to keepr_validation with check (true);

-- Pruning looks for what is old, of all groups.
-- The table is new with this release, so that nobody waits for the index.
-- squawk-ignore require-concurrent-index-creation
create index webhook_deliveries_by_age on webhook_deliveries (created_at) where state <> 'pending';
