-- The guards of artifact_active as they were (0020), but what needs a query of its own stands in an `if` of its own: PL/pgSQL makes
-- one query of a whole condition, and planned it for each row, also where its first part was false already.

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
  if new.status = 'published' and old.status <> 'published' then
    if current_user = 'keepr_api' or not exists (
      select from validation_runs r
       where r.id = new.validation_run_id and r.group_id = new.group_id and r.artifact_id = new.id
         and r.content_hash = new.content_hash and r.state in ('passed', 'not_required') and not r.simulate)
    then
      perform refuse('published_by_verdict_only', 'publishing needs a passed verdict for exactly this content');
    end if;
  end if;
  return new;
end $$;
