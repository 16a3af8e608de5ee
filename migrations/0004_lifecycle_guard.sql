-- The lifecycle, refused or allowed by the database itself, so that no bug in a service can break it.
-- packages/shared/src/domain/lifecycle.ts and docs/lifecycle.md hold the same table; a test compares the three.

create function lifecycle_allows(from_status text, to_status text) returns boolean language sql immutable parallel safe
  return (from_status, to_status) in (
    ('draft', 'on_verification'),
    ('on_verification', 'published'),
    ('on_verification', 'blocked'),
    ('published', 'archived'),
    ('published', 'blocked'),
    ('blocked', 'on_verification'),
    ('archived', 'published'));

create function refuse(rule text, message text) returns void language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '%', message using errcode = 'check_violation', constraint = rule;
end $$;

create function artifact_insert_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if encode(sha256(new.content), 'hex') is distinct from new.content_hash and new.purged_at is null then
    perform refuse('content_matches_its_hash', 'content does not match content_hash');
  end if;
  if new.status = 'published' and not exists (
    select from artifact_history h
     where h.group_id = new.group_id and h.original_id = new.id and h.content_hash = new.content_hash
       and h.version = new.version and h.restored_at is null)
  then
    perform refuse('published_by_verdict_only', 'a published artifact comes from a verdict or from the history');
  end if;
  if new.status = 'blocked' then
    perform refuse('blocked_by_verdict_only', 'an artifact is not created as blocked');
  end if;
  return new;
end $$;
create trigger artifact_insert_guard before insert on artifact_active for each row execute function artifact_insert_guard();

create function artifact_update_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
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
  if new.status = 'published' and old.status <> 'published' and not exists (
    select from validation_runs r
     where r.id = new.validation_run_id and r.group_id = new.group_id and r.artifact_id = new.id
       and r.content_hash = new.content_hash and r.state in ('passed', 'not_required') and not r.simulate)
  then
    perform refuse('published_by_verdict_only', 'publishing needs a passed verdict for exactly this content');
  end if;
  return new;
end $$;
create trigger artifact_update_guard before update on artifact_active for each row execute function artifact_update_guard();

-- Content may only be written together with its hash; naming the column is enough to be checked.
create function artifact_content_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.purged_at is not null then
    if current_user <> 'keepr_maintenance' then
      perform refuse('purged_by_maintenance_only', 'only maintenance can purge');
    end if;
  elsif encode(sha256(new.content), 'hex') <> new.content_hash then
    perform refuse('content_matches_its_hash', 'content does not match content_hash');
  end if;
  return new;
end $$;
create trigger artifact_content_guard before update of content, json_content, purged_at on artifact_active
  for each row execute function artifact_content_guard();

-- A row leaves artifact_active as a discarded draft, or for the history.
create function artifact_delete_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if old.status <> 'draft' and not (old.status = 'published' and exists (
    select from artifact_history h
     where h.group_id = old.group_id and h.original_id = old.id and h.content_hash = old.content_hash and h.restored_at is null))
  then
    perform refuse('only_drafts_are_discarded', 'only a draft is deleted, only a published artifact is moved to the history');
  end if;
  return old;
end $$;
create trigger artifact_delete_guard before delete on artifact_active for each row execute function artifact_delete_guard();

-- The ledger follows the artifact.
create function ledger_follows_artifact() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  update artifact_versions v
     set status = new.status, usage_policy = new.usage_policy, content_hash = new.content_hash,
         submitted = v.submitted or new.status <> 'draft'
   where v.group_id = new.group_id and v.type = new.type and v.name = new.name and v.version = new.version;
  return null;
end $$;
create trigger ledger_follows_update after update of status, usage_policy, content_hash on artifact_active for each row
  when ((new.status, new.usage_policy, new.content_hash) is distinct from (old.status, old.usage_policy, old.content_hash))
  execute function ledger_follows_artifact();
create trigger ledger_follows_restore after insert on artifact_active for each row
  when (new.status = 'published') execute function ledger_follows_artifact();
create trigger ledger_follows_archive after insert on artifact_history for each row execute function ledger_follows_artifact();

create function ledger_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' then
    if old.submitted then
      perform refuse('used_versions_stay_used', 'a version that was submitted is never given back');
    end if;
    return old;
  end if;
  if (new.group_id, new.type, new.name, new.version, new.artifact_id, new.created_by)
     is distinct from (old.group_id, old.type, old.name, old.version, old.artifact_id, old.created_by)
     or (old.submitted and not new.submitted) then
    perform refuse('used_versions_stay_used', 'the ledger of versions is append-only');
  end if;
  return new;
end $$;
create trigger ledger_guard before update or delete on artifact_versions for each row execute function ledger_guard();

create function history_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' then
    perform refuse('history_is_append_only', 'the history is append-only');
  end if;
  if tg_op = 'INSERT' then
    if not lifecycle_allows('published', 'archived') or not exists (
      select from artifact_active a
       where a.id = new.original_id and a.group_id = new.group_id and a.status = 'published' and a.content_hash = new.content_hash) then
      perform refuse('only_published_is_archived', 'only a published artifact moves to the history');
    end if;
    return new;
  end if;
  -- Column grants leave services nothing but restored_at to write; here only its direction is kept.
  if old.restored_at is not null and new.restored_at is distinct from old.restored_at then
    perform refuse('history_is_append_only', 'a row of the history changes once, when it is restored');
  end if;
  return new;
end $$;
create trigger history_guard before insert or update or delete on artifact_history for each row execute function history_guard();
