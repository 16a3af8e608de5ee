-- What a caller may not see is part of what its group stores; reads of archived content count as reads, though a row of the
-- history never changes.

-- The bytes of the caller's group, the restricted ones of others included: a limit that passed over them would be none.
create function stored_bytes() returns bigint language sql stable security definer set search_path = pg_catalog, public as $$
  select (coalesce((select sum(content_size) from artifact_active where group_id = current_group_id() and purged_at is null), 0)
        + coalesce((select sum(content_size) from artifact_history where group_id = current_group_id() and restored_at is null and purged_at is null), 0))::bigint;
$$;
revoke all on function stored_bytes() from public;
grant execute on function stored_bytes() to keepr_api;

-- The ledger follows the artifact, so it holds the time of a read that the history cannot take.
alter table artifact_versions add column archive_accessed_at timestamptz;

create function touch_artifacts(groups text[], ids uuid[], times timestamptz[]) returns void language sql security definer
set search_path = pg_catalog, public as $$
  update artifact_active a set last_accessed_at = t.at
    from unnest(ids, times) as t (id, at)
   where a.id = t.id and (a.last_accessed_at is null or a.last_accessed_at < t.at);
  update artifact_versions v set archive_accessed_at = t.at
    from unnest(groups, ids, times) as t (group_id, id, at)
   where v.group_id = t.group_id and v.artifact_id = t.id and v.status = 'archived'
     and (v.archive_accessed_at is null or v.archive_accessed_at < t.at);
$$;
revoke all on function touch_artifacts(text[], uuid[], timestamptz[]) from public;
grant execute on function touch_artifacts(text[], uuid[], timestamptz[]) to keepr_api;
