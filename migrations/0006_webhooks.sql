-- Webhooks: the state of each configured subscriber, one delivery per event and subscriber, and its attempts.

create table webhook_subscribers (
  name text primary key,
  state text not null default 'active' constraint subscriber_state_is_known check (state in ('active', 'paused', 'disabled')),
  reason text,
  failing_since timestamptz,
  probe_at timestamptz,               -- when a paused subscriber is tried again
  changed_at timestamptz not null default now()
);

create table webhook_deliveries (
  id uuid primary key,
  group_id text not null,
  event_id uuid,                      -- null for a test delivery
  event_type text not null,
  subscriber text not null,
  webhook_id text not null,           -- the same over retries, redeliveries and replays
  payload text,                       -- the exact bytes that are signed; null once pruned or purged
  state text not null default 'pending' constraint delivery_state_is_known check (
    state in ('pending', 'delivered', 'exhausted', 'missed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  delivered_at timestamptz,
  traceparent text,
  created_at timestamptz not null default now()
);
create unique index webhook_deliveries_once on webhook_deliveries (group_id, event_id, subscriber) where event_id is not null;
create index webhook_deliveries_by_group on webhook_deliveries (group_id, created_at desc, id desc);
create index webhook_deliveries_by_subscriber on webhook_deliveries (subscriber, created_at desc, id desc);
create index webhook_deliveries_pending on webhook_deliveries (subscriber, created_at) where state = 'pending';

create table webhook_attempts (
  id uuid primary key,
  group_id text not null,
  delivery_id uuid not null references webhook_deliveries (id) on delete cascade,
  at timestamptz not null,
  duration_ms integer not null constraint duration_is_not_negative check (duration_ms >= 0),
  status integer,                     -- HTTP status, if there was an answer
  error text,
  response_head text
);
create index webhook_attempts_of_delivery on webhook_attempts (delivery_id, at desc);
create index webhook_attempts_by_age on webhook_attempts (at);
