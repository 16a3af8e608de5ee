-- What a service could still forge with SQL of its own: tables of its session in the place of ours, a verdict, a copy that is
-- none, another's name as creator or actor. And workers see another group's rows only while they work for none.

-- A temporary table is found before ours unless pg_temp is named last. Functions that guard a table or run with the rights of
-- their owner would read it instead, and run its triggers with those rights.
do $$
declare
  f regprocedure;
begin
  for f in select p.oid from pg_proc p
            where p.pronamespace = 'public'::regnamespace and pg_get_userbyid(p.proowner) = current_user
              and exists (select from unnest(p.proconfig) setting where setting like 'search_path=%') loop
    execute format('alter function %s set search_path = pg_catalog, public, pg_temp', f);
  end loop;
end $$;

-- ── A verdict comes from the validation worker ───────────────────────────────────────────────────────────
create function run_begins_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.state <> 'waiting' or new.checked_at is not null then
    perform refuse('runs_begin_without_verdict', 'a validation run begins without a verdict');
  end if;
  return new;
end $$;
create trigger run_begins_guard before insert on validation_runs for each row execute function run_begins_guard();

revoke update on validation_runs from keepr_api;
grant update (state, reason, checked_at) on validation_runs to keepr_api;
drop policy api_own_group on validation_runs;
create policy api_own_group on validation_runs for select to keepr_api using (group_id = (select current_group_id()));
create policy api_authors_begin on validation_runs for insert to keepr_api
  with check (group_id = (select current_group_id()) and (select has_role('author')) and kind <> 'recheck');
create policy api_authors_cancel on validation_runs for update to keepr_api
  using (group_id = (select current_group_id()) and (select has_role('author')))
  with check (group_id = (select current_group_id()) and state = 'cancelled');

create or replace function artifact_insert_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if encode(sha256(new.content), 'hex') is distinct from new.content_hash and new.purged_at is null then
    perform refuse('content_matches_its_hash', 'content does not match content_hash');
  end if;
  -- What comes back from the history comes back as it was.
  if new.status = 'published' and not exists (
    select from artifact_history h
     where h.group_id = new.group_id and h.original_id = new.id and h.restored_at is null
       and (h.type, h.name, h.version, h.usage_policy, h.created_by, h.content_kind, h.content_type, h.content_size, h.content_hash,
            h.metadata, h.validation_run_id, h.created_at, h.published_at, h.purged_at)
         is not distinct from
           (new.type, new.name, new.version, new.usage_policy, new.created_by, new.content_kind, new.content_type, new.content_size,
            new.content_hash, new.metadata, new.validation_run_id, new.created_at, new.published_at, new.purged_at))
  then
    perform refuse('published_by_verdict_only', 'a published artifact comes from a verdict or from the history');
  end if;
  if new.status = 'blocked' then
    perform refuse('blocked_by_verdict_only', 'an artifact is not created as blocked');
  end if;
  if new.status <> 'published' and (new.published_at, new.purged_at) is distinct from (null::timestamptz, null::timestamptz) then
    perform refuse('publication_time_is_immutable', 'the time of publication is set by publishing');
  end if;
  return new;
end $$;

create or replace function artifact_update_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (new.id, new.group_id, new.type, new.name, new.version, new.created_by, new.created_at, new.content_kind)
     is distinct from (old.id, old.group_id, old.type, old.name, old.version, old.created_by, old.created_at, old.content_kind) then
    perform refuse('coordinates_are_immutable', 'coordinates, author and creation time of an artifact are immutable');
  end if;
  if new.status <> old.status and not lifecycle_allows(old.status, new.status) then
    perform refuse('lifecycle_allows_the_move', format('no move from %s to %s', old.status, new.status));
  end if;
  if new.content_hash <> old.content_hash and not (old.status = 'draft' and new.status = 'draft') then
    perform refuse('published_content_is_immutable', 'only the content of a draft can change');
  end if;
  if new.published_at is distinct from old.published_at and not (old.status = 'on_verification' and new.status = 'published') then
    perform refuse('publication_time_is_immutable', 'the time of publication is set by publishing');
  end if;
  if new.status = 'published' and old.status <> 'published' and (current_user = 'keepr_api' or not exists (
    select from validation_runs r
     where r.id = new.validation_run_id and r.group_id = new.group_id and r.artifact_id = new.id
       and r.content_hash = new.content_hash and r.state in ('passed', 'not_required') and not r.simulate))
  then
    perform refuse('published_by_verdict_only', 'publishing needs a passed verdict for exactly this content');
  end if;
  return new;
end $$;

-- ── The history holds copies ─────────────────────────────────────────────────────────────────────────────
create or replace function history_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform refuse('history_is_append_only', 'the history is append-only');
  end if;
  if tg_op = 'INSERT' then
    if not lifecycle_allows('published', 'archived') or new.restored_at is not null or not exists (
      select from artifact_active a
       where a.id = new.original_id and a.group_id = new.group_id and a.status = 'published'
         and (a.type, a.name, a.version, a.usage_policy, a.created_by, a.content_kind, a.content_type, a.content_size, a.content_hash,
              a.metadata, a.validation_run_id, a.created_at, a.published_at, a.purged_at)
           is not distinct from
             (new.type, new.name, new.version, new.usage_policy, new.created_by, new.content_kind, new.content_type, new.content_size,
              new.content_hash, new.metadata, new.validation_run_id, new.created_at, new.published_at, new.purged_at))
    then
      perform refuse('only_published_is_archived', 'only a published artifact moves to the history, as it is');
    end if;
    if encode(sha256(new.content), 'hex') is distinct from new.content_hash and new.purged_at is null then
      perform refuse('content_matches_its_hash', 'content does not match content_hash');
    end if;
    return new;
  end if;
  -- Column grants leave services nothing but restored_at to write; here only its direction is kept.
  if old.restored_at is not null and new.restored_at is distinct from old.restored_at then
    perform refuse('history_is_append_only', 'a row of the history changes once, when it is restored');
  end if;
  return new;
end $$;

-- ── The ledger and the names: only their triggers and functions keep them ────────────────────────────────
-- The ledger follows the artifact with the rights of its owner, so that no service needs to write to it.
alter function ledger_follows_artifact() security definer;
revoke all on function ledger_follows_artifact() from public;
revoke update on artifact_versions from keepr_api, keepr_validation;
drop policy validation_own_group on artifact_versions;
drop policy api_own_group on artifact_versions;
create policy api_own_group on artifact_versions for select to keepr_api using (group_id = (select current_group_id()));
create policy api_authors_use on artifact_versions for insert to keepr_api with check (
  group_id = (select current_group_id()) and (select has_role('author')) and created_by = (select current_user_id()));
create policy api_authors_discard on artifact_versions for delete to keepr_api
  using (group_id = (select current_group_id()) and (select has_role('author')));

revoke update on artifact_names from keepr_api, keepr_validation;
grant update (last_sequence) on artifact_names to keepr_api, keepr_validation;

-- ── Who made it, who did it ──────────────────────────────────────────────────────────────────────────────
drop policy api_authors_insert on artifact_active;
create policy api_authors_insert on artifact_active for insert to keepr_api with check (
  group_id = (select current_group_id()) and (select has_role('author'))
  and (status = 'published' or created_by = (select current_user_id()))); -- published: back from the history, whoever made it
drop policy api_authors_insert on artifact_events;
create policy api_authors_insert on artifact_events for insert to keepr_api with check (
  group_id = (select current_group_id()) and (select has_role('author')) and actor = (select current_user_id())
  and event_type not in ('published', 'blocked', 'verification_held', 'recheck_failed', 'purged'));
drop policy validation_own_group_insert on artifact_events;
create policy validation_own_group_insert on artifact_events for insert to keepr_validation with check (
  group_id = (select current_group_id()) and actor = 'system:validation-worker'
  and event_type in ('published', 'blocked', 'verification_held', 'recheck_failed', 'archived'));

-- ── Workers look over all groups only while they work for none, and no further than they must ────────────
drop policy validation_runs on validation_runs;
create policy validation_sight on validation_runs for select to keepr_validation using (
  group_id = (select current_group_id())
  or ((select current_group_id()) is null and state in ('waiting', 'running', 'error', 'held')));
create policy validation_own_group_recheck on validation_runs for insert to keepr_validation
  with check (group_id = (select current_group_id()) and kind = 'recheck');
create policy validation_own_group_settle on validation_runs for update to keepr_validation
  using (group_id = (select current_group_id())) with check (group_id = (select current_group_id()));
drop policy validation_tries on validation_tries;
create policy validation_sight on validation_tries for select to keepr_validation
  using (group_id = (select current_group_id()) or (select current_group_id()) is null);
create policy validation_own_group_insert on validation_tries for insert to keepr_validation
  with check (group_id = (select current_group_id()));
create policy validation_pruning_delete on validation_tries for delete to keepr_validation
  using (group_id = (select current_group_id()) or (select current_group_id()) is null);
-- Why a try failed may quote what a validator said; pruning needs no more than its age.
revoke select on validation_tries from keepr_validation;
grant select (id, group_id, run_id, at) on validation_tries to keepr_validation;
drop policy validation_coordinates on artifact_versions;
create policy validation_sight on artifact_versions for select to keepr_validation using (
  group_id = (select current_group_id()) or ((select current_group_id()) is null and status = 'published'));
alter policy validation_graces on recheck_graces
  using (group_id = (select current_group_id()) or (select current_group_id()) is null);
alter policy webhook_deliveries on webhook_deliveries
  using (group_id = (select current_group_id()) or (select current_group_id()) is null);
alter policy webhook_attempts on webhook_attempts
  using (group_id = (select current_group_id()) or (select current_group_id()) is null);

-- ── Reads that count as an access ────────────────────────────────────────────────────────────────────────
-- A time that has not come yet would keep an artifact from ever being idle. No release is out that calls the older form.
drop function touch_artifacts(uuid[], timestamptz[]);
create or replace function touch_artifacts(groups text[], ids uuid[], times timestamptz[]) returns void language sql security definer
set search_path = pg_catalog, public, pg_temp as $$
  update artifact_active a set last_accessed_at = least(t.at, now())
    from unnest(groups, ids, times) as t (group_id, id, at)
   where a.id = t.id and a.group_id = t.group_id and (a.last_accessed_at is null or a.last_accessed_at < least(t.at, now()));
  update artifact_versions v set archive_accessed_at = least(t.at, now())
    from unnest(groups, ids, times) as t (group_id, id, at)
   where v.group_id = t.group_id and v.artifact_id = t.id and v.status = 'archived'
     and (v.archive_accessed_at is null or v.archive_accessed_at < least(t.at, now()));
$$;
