-- Row-level security, forced on every table: the second layer of access control. Services own nothing, bypass
-- nothing and get the columns they need. packages/shared/src/domain/access.ts holds the same rules; a test compares them.

-- Which of a group's own artifacts the actor may see, by state and policy.
create function may_see(created_by text, status text, usage_policy text) returns boolean language sql stable parallel safe
  return case
    when has_role('admin') then true
    when usage_policy = 'restricted' and created_by is distinct from current_user_id() then false
    when has_role('author') then true
    else has_role('consumer') and status = 'published'
  end;

do $$
declare
  t text;
begin
  foreach t in array array['artifact_names', 'artifact_versions', 'artifact_active', 'artifact_history', 'artifact_events',
    'event_feed', 'outbox', 'validation_runs', 'validation_tries', 'webhook_subscribers', 'webhook_deliveries', 'webhook_attempts',
    'idempotency_keys', 'cleanup_plans', 'rechecks', 'recheck_graces'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy maintenance on %I to keepr_maintenance using (true) with check (true)', t);
  end loop;
end $$;

grant usage on schema public to keepr_api, keepr_validation, keepr_webhook;
grant select on schema_support to keepr_api, keepr_validation, keepr_webhook;

-- ── The outbox and the feed: every service relays; ids only ──────────────────────────────────────────────
grant select, insert, update, delete on outbox to keepr_api, keepr_validation, keepr_webhook;
create policy relay on outbox to keepr_api, keepr_validation, keepr_webhook using (true) with check (true);
grant select, insert on event_feed to keepr_api, keepr_validation, keepr_webhook;
create policy sequencer on event_feed to keepr_api, keepr_validation, keepr_webhook using (true) with check (true);

-- ── keepr_api: whatever the actor may ────────────────────────────────────────────────────────────────────
grant select, insert, update on artifact_names to keepr_api;
create policy api_own_group on artifact_names to keepr_api
  using (group_id = (select current_group_id())) with check (group_id = (select current_group_id()) and (select has_role('author')));

grant select, insert, update, delete on artifact_versions to keepr_api;
create policy api_own_group on artifact_versions to keepr_api
  using (group_id = (select current_group_id())) with check (group_id = (select current_group_id()) and (select has_role('author')));

grant select, insert, delete on artifact_active to keepr_api;
grant update (status, usage_policy, content, json_content, content_type, content_size, content_hash, metadata, validation_run_id,
  blocked_reason, duplicate_of, revision, updated_at) on artifact_active to keepr_api;
create policy api_visible on artifact_active for select to keepr_api using (
  (group_id = (select current_group_id()) and may_see(created_by, status, usage_policy))
  or (usage_policy = 'public' and status = 'published' and (select current_group_id()) is not null and (select has_role('consumer'))));
create policy api_authors_insert on artifact_active for insert to keepr_api with check (
  group_id = (select current_group_id()) and (select has_role('author')));
create policy api_authors_update on artifact_active for update to keepr_api
  using (group_id = (select current_group_id()) and (select has_role('author')) and may_see(created_by, status, usage_policy))
  with check (group_id = (select current_group_id()));
create policy api_authors_delete on artifact_active for delete to keepr_api using (
  group_id = (select current_group_id()) and (select has_role('author')) and may_see(created_by, status, usage_policy));

grant select, insert on artifact_history to keepr_api;
grant update (restored_at) on artifact_history to keepr_api;
create policy api_visible on artifact_history for select to keepr_api using (
  group_id = (select current_group_id()) and may_see(created_by, status, usage_policy));
create policy api_authors_insert on artifact_history for insert to keepr_api with check (
  group_id = (select current_group_id()) and (select has_role('author')));
create policy api_authors_update on artifact_history for update to keepr_api
  using (group_id = (select current_group_id()) and (select has_role('author')) and may_see(created_by, status, usage_policy))
  with check (group_id = (select current_group_id()));

grant select, insert on artifact_events to keepr_api;
create policy api_visible on artifact_events for select to keepr_api using (
  group_id = (select current_group_id())
  and may_see(created_by, case when was_published then 'published' else status end, usage_policy)
  and not exists (
    select from artifact_versions v
     where v.group_id = artifact_events.group_id and v.artifact_id = artifact_events.artifact_id
       and not may_see(v.created_by, 'published', v.usage_policy)));
create policy api_authors_insert on artifact_events for insert to keepr_api with check (
  group_id = (select current_group_id()) and (select has_role('author')));

grant select, insert, update on validation_runs to keepr_api;
create policy api_own_group on validation_runs to keepr_api
  using (group_id = (select current_group_id())) with check (group_id = (select current_group_id()) and (select has_role('author')));
grant select on validation_tries to keepr_api;
create policy api_own_group on validation_tries for select to keepr_api using (group_id = (select current_group_id()) and (select has_role('author')));

grant select, update on webhook_deliveries to keepr_api;
grant insert on webhook_deliveries to keepr_api;
create policy api_own_group on webhook_deliveries to keepr_api
  using ((group_id = (select current_group_id()) and (select has_role('admin'))) or (select has_role('operator')))
  with check ((group_id = (select current_group_id()) and (select has_role('admin'))) or (select has_role('operator')));
grant select on webhook_attempts to keepr_api;
create policy api_own_group on webhook_attempts for select to keepr_api using (
  (group_id = (select current_group_id()) and (select has_role('admin'))) or (select has_role('operator')));
grant select, insert, update on webhook_subscribers to keepr_api;
create policy api_operators on webhook_subscribers to keepr_api using ((select has_role('operator'))) with check ((select has_role('operator')));

grant select, insert, update, delete on idempotency_keys to keepr_api;
create policy api_own_user on idempotency_keys to keepr_api
  using (group_id = (select current_group_id()) and user_id = (select current_user_id()))
  with check (group_id = (select current_group_id()) and user_id = (select current_user_id()));
grant select, insert, update on cleanup_plans to keepr_api;
create policy api_own_group on cleanup_plans to keepr_api
  using (group_id = (select current_group_id()) and (select has_role('author')))
  with check (group_id = (select current_group_id()) and (select has_role('author')));
grant select, insert, update on rechecks to keepr_api;
create policy api_operators on rechecks to keepr_api using ((select has_role('operator'))) with check ((select has_role('operator')));

-- ── keepr_validation: settles runs and applies retention, within one group at a time ────────────────────
grant select, update on artifact_names to keepr_validation;
create policy validation_own_group on artifact_names to keepr_validation using (group_id = (select current_group_id()));
grant select, update on artifact_versions to keepr_validation;
create policy validation_coordinates on artifact_versions for select to keepr_validation using (true);
create policy validation_own_group on artifact_versions for update to keepr_validation using (group_id = (select current_group_id()));
grant select on artifact_active to keepr_validation;
grant update (status, blocked_reason, published_at, validation_run_id, revision, updated_at) on artifact_active to keepr_validation;
grant delete on artifact_active to keepr_validation;
create policy validation_own_group_read on artifact_active for select to keepr_validation using (group_id = (select current_group_id()));
create policy validation_own_group_settle on artifact_active for update to keepr_validation
  using (group_id = (select current_group_id()) and status in ('on_verification', 'published'))
  with check (group_id = (select current_group_id()) and status in ('on_verification', 'published', 'blocked'));
create policy validation_own_group_retire on artifact_active for delete to keepr_validation
  using (group_id = (select current_group_id()) and status = 'published');
grant select, insert on artifact_history to keepr_validation;
create policy validation_own_group_read on artifact_history for select to keepr_validation using (group_id = (select current_group_id()));
create policy validation_own_group_retire on artifact_history for insert to keepr_validation
  with check (group_id = (select current_group_id()) and archive_reason = 'superseded');
grant select, insert on artifact_events to keepr_validation;
create policy validation_own_group_read on artifact_events for select to keepr_validation using (group_id = (select current_group_id()));
create policy validation_own_group_insert on artifact_events for insert to keepr_validation with check (group_id = (select current_group_id()));
grant select, insert, update on validation_runs to keepr_validation;
create policy validation_runs on validation_runs to keepr_validation using (true) with check (group_id = (select current_group_id()));
grant select, insert, delete on validation_tries to keepr_validation;
create policy validation_tries on validation_tries to keepr_validation using (true) with check (group_id = (select current_group_id()));
grant select, update, insert on rechecks to keepr_validation;
create policy validation_rechecks on rechecks to keepr_validation using (true) with check (true);
grant select, insert, update, delete on recheck_graces to keepr_validation;
create policy validation_graces on recheck_graces to keepr_validation using (true) with check (group_id = (select current_group_id()));
grant select (group_id, user_id, route, key, created_at), delete on idempotency_keys to keepr_validation;
create policy validation_pruning on idempotency_keys for select to keepr_validation using (created_at < now() - interval '24 hours');
create policy validation_pruning_delete on idempotency_keys for delete to keepr_validation using (created_at < now() - interval '24 hours');

-- ── keepr_webhook: reads what it announces (never content), writes deliveries ────────────────────────────
grant select on artifact_events to keepr_webhook;
create policy webhook_own_group on artifact_events for select to keepr_webhook using (group_id = (select current_group_id()));
grant select (id, group_id, name, type, version, status, usage_policy, content_hash, metadata, created_by) on artifact_active to keepr_webhook;
create policy webhook_own_group on artifact_active for select to keepr_webhook using (group_id = (select current_group_id()));
grant select (id, original_id, group_id, name, type, version, status, usage_policy, content_hash, metadata, created_by, restored_at)
  on artifact_history to keepr_webhook;
create policy webhook_own_group on artifact_history for select to keepr_webhook using (group_id = (select current_group_id()));
grant select (id, group_id, artifact_id, findings, reason) on validation_runs to keepr_webhook;
create policy webhook_own_group on validation_runs for select to keepr_webhook using (group_id = (select current_group_id()));
grant select, insert, update, delete on webhook_subscribers, webhook_deliveries, webhook_attempts to keepr_webhook;
create policy webhook_subscribers on webhook_subscribers to keepr_webhook using (true) with check (true);
create policy webhook_deliveries on webhook_deliveries to keepr_webhook using (true) with check (group_id = (select current_group_id()));
create policy webhook_attempts on webhook_attempts to keepr_webhook using (true) with check (group_id = (select current_group_id()));

-- ── Reads that count as an access, batched over groups: may only move last_accessed_at forward ───────────
create function touch_artifacts(ids uuid[], times timestamptz[]) returns void language sql security definer
set search_path = pg_catalog, public as $$
  update artifact_active a set last_accessed_at = t.at
    from unnest(ids, times) as t (id, at)
   where a.id = t.id and (a.last_accessed_at is null or a.last_accessed_at < t.at);
$$;
revoke all on function touch_artifacts(uuid[], timestamptz[]) from public;
grant execute on function touch_artifacts(uuid[], timestamptz[]) to keepr_api;
