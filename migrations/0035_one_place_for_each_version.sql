-- What a service with a bug could still do to what stands: archive a version that stays, bring one back that stays archived, note a
-- return that never was (and so hide a version for ever), use the coordinates of an archived version again, change what is sent with
-- content, edit what is being verified, block without a failed re-validation, bring back against the newest verdict or for anybody.

-- ── A version lies in one place ──────────────────────────────────────────────────────────────────────────
-- A move is two statements, so it is looked at when it is committed. With the rights of the owner: a row that is hidden lies there too.
create function version_lies_in_one_place() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
  moved uuid;
begin
  if tg_table_name = 'artifact_history' then
    moved := new.original_id;
  else
    moved := new.id;
  end if;
  if exists (select from artifact_active a where a.id = moved and a.group_id = new.group_id)
     = exists (select from artifact_history h where h.original_id = moved and h.group_id = new.group_id and h.restored_at is null) then
    perform refuse('version_lies_in_one_place', 'a version is either in use or archived');
  end if;
  return null;
end $$;
revoke all on function version_lies_in_one_place() from public;
create constraint trigger archived_lies_in_one_place after insert or update of restored_at on artifact_history
  deferrable initially deferred for each row execute function version_lies_in_one_place();
create constraint trigger restored_lies_in_one_place after insert on artifact_active
  deferrable initially deferred for each row when (new.status = 'published') execute function version_lies_in_one_place();

-- After the statement: a submission writes the ledger and the artifact in one.
create function coordinates_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (
    select from artifact_versions v
     where v.group_id = new.group_id and v.type = new.type and v.name = new.name and v.version = new.version and v.artifact_id = new.id)
  then
    perform refuse('used_versions_stay_used', 'the coordinates are those of another artifact');
  end if;
  return null;
end $$;
create trigger coordinates_guard after insert on artifact_active for each row execute function coordinates_guard();

-- ── What is published, and what is being verified, stays as it is ────────────────────────────────────────
create or replace function artifact_content_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if old.purged_at is not null
     and (new.purged_at is distinct from old.purged_at or new.content is not null or new.json_content is not null) then
    perform refuse('purged_stays_purged', 'what was purged does not come back');
  end if;
  if new.purged_at is not null then
    if old.purged_at is null and not is_purging(new.id) then
      perform refuse('purged_by_maintenance_only', 'only maintenance can purge');
    end if;
  elsif old.status <> 'draft' then
    perform refuse('published_content_is_immutable', 'only the content of a draft can change');
  elsif encode(sha256(new.content), 'hex') <> new.content_hash then
    perform refuse('content_matches_its_hash', 'content does not match content_hash');
  end if;
  return new;
end $$;

create function pending_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  perform refuse('pending_is_not_edited', 'what waits for its verdict is not edited');
  return null;
end $$;
create trigger pending_guard before update of metadata, usage_policy on artifact_active
  for each row when (old.status = 'on_verification' and new.purged_at is null) execute function pending_guard();

-- As before (0024), with kind, type and size beside the hash, as those of a draft change with the configuration of its type, and
-- blocking by a failed re-validation only.
grant update (content_kind) on artifact_active to keepr_api;
create or replace function artifact_update_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (new.id, new.group_id, new.type, new.name, new.version, new.created_by, new.created_at)
     is distinct from (old.id, old.group_id, old.type, old.name, old.version, old.created_by, old.created_at) then
    perform refuse('coordinates_are_immutable', 'coordinates, author and creation time of an artifact are immutable');
  end if;
  if new.status <> old.status and not lifecycle_allows(old.status, new.status) then
    perform refuse('lifecycle_allows_the_move', format('no move from %s to %s', old.status, new.status));
  end if;
  if (new.content_hash, new.content_kind, new.content_type, new.content_size)
       <> (old.content_hash, old.content_kind, old.content_type, old.content_size)
     and not (old.status = 'draft' and new.status = 'draft') then
    perform refuse('published_content_is_immutable', 'only the content of a draft can change');
  end if;
  if new.published_at is distinct from old.published_at and not (old.status = 'on_verification' and new.status = 'published') then
    perform refuse('publication_time_is_immutable', 'the time of publication is set by publishing');
  end if;
  if new.status = 'published' and old.status <> 'published' then
    if current_user = 'keepr_api' or not exists (
      select from validation_runs r
       where r.id = new.validation_run_id and r.group_id = new.group_id and r.artifact_id = new.id
         and r.content_hash = new.content_hash and r.state in ('passed', 'not_required') and not r.simulate)
    then
      perform refuse('published_by_verdict_only', 'publishing needs a passed verdict for exactly this content');
    end if;
  end if;
  if new.status = 'blocked' and old.status = 'published' then
    if current_user = 'keepr_api' or not exists (
      select from validation_runs r
       where r.id = new.validation_run_id and r.group_id = new.group_id and r.artifact_id = new.id
         and r.content_hash = new.content_hash and r.kind = 'recheck' and r.state = 'failed' and not r.simulate)
    then
      perform refuse('blocked_by_verdict_only', 'what is published is blocked by a failed re-validation only');
    end if;
  end if;
  return new;
end $$;

-- ── What comes back passed by its newest verdict, for an admin or within a rollback ──────────────────────
-- As before (0024), and what findNewestVerdict() asks. A rollback withdraws first, in the same transaction, which has one time.
create or replace function artifact_insert_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if encode(sha256(new.content), 'hex') is distinct from new.content_hash and new.purged_at is null then
    perform refuse('content_matches_its_hash', 'content does not match content_hash');
  end if;
  -- What comes back from the history comes back as it was.
  if new.status = 'published' then
    if not exists (
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
    if (select r.state in ('passed', 'not_required') and r.content_hash = new.content_hash
          from validation_runs r
         where r.group_id = new.group_id and r.artifact_id = new.id and not r.simulate and r.state in ('passed', 'failed', 'not_required')
         order by r.checked_at desc limit 1) is not true
    then
      perform refuse('restored_by_newest_verdict_only', 'the newest verdict on what comes back is a pass');
    end if;
    if current_user = 'keepr_api' and not has_role('admin') then
      if not exists (
        select from artifact_history h
         where h.group_id = new.group_id and h.type = new.type and h.name = new.name
           and h.archive_reason = 'rolled_back' and h.archived_by = current_user_id() and h.archived_at = now())
      then
        perform refuse('restored_by_admin_or_rollback', 'an admin restores, or who rolls back');
      end if;
    end if;
  end if;
  if new.status = 'blocked' then
    perform refuse('blocked_by_verdict_only', 'an artifact is not created as blocked');
  end if;
  if new.status <> 'published' and (new.published_at, new.purged_at) is distinct from (null::timestamptz, null::timestamptz) then
    perform refuse('publication_time_is_immutable', 'the time of publication is set by publishing');
  end if;
  return new;
end $$;
