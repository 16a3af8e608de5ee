import { type BatchRow, type Scan, toBatch } from '../scan.ts'

/** The ledger: every used version lies in exactly one place, and its last event tells of the state that it is in. */
export const usedVersions: Scan = {
  table: 'artifact_versions',
  first: ['', '', '', ''],
  batch: async (sql, [group = '', type = '', name = '', version = ''], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from artifact_versions
         where (group_id, type, name, version) > (${group}, ${type}, ${name}, ${version})
         order by group_id, type, name, version limit ${rows}
      ), judged as (
        select v.*, place.places, place.status as place_status, n.versioning, e.event_type, e.status as event_status,
               e.usage_policy as event_policy, e.content_hash as event_hash
          from batch v
          left join artifact_names n on n.group_id = v.group_id and n.type = v.type and n.name = v.name
          left join lateral (
            select count(*) as places, min(status) as status from (
              select status from artifact_active a where a.id = v.artifact_id and a.group_id = v.group_id
              union all
              select status from artifact_history h
               where h.original_id = v.artifact_id and h.group_id = v.group_id and h.restored_at is null) lies) place on true
          left join lateral (
            select event_type, status, usage_policy, content_hash from artifact_events e
             where e.group_id = v.group_id and e.artifact_id = v.artifact_id order by e.sequence desc limit 1) e on true
      )
      select (select count(*)::int from batch) as scanned,
             (select array[group_id, type, name, version] from batch order by group_id desc, type desc, name desc, version desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', concat_ws(' ', v.group_id, v.type, v.name, v.version), 'promise', p.promise, 'found', p.found)) from judged v, lateral (values
               ('used_versions_have_a_row', v.places = 1 and v.place_status = v.status,
                 v.places || ' rows, in the state ' || coalesce(v.place_status, 'none') || ' instead of ' || v.status),
               ('used_versions_stay_used', v.submitted or v.status = 'draft', 'a version that was submitted counts as never submitted'),
               ('version_sorts_by_precedence', v.version_sort = version_sort_key(v.version) and v.is_prerelease = (strpos(v.version, '-') > 0),
                 'the sort key of another version'),
               ('versions_of_a_name_are_of_one_kind', v.versioning = case when strpos(v.version, '.') > 0 then 'semver' else 'integer' end,
                 'the name has ' || coalesce(v.versioning, 'no') || ' versions'),
               ('last_event_tells_the_state', (v.event_status, v.event_policy, v.event_hash) is not distinct from (v.status, v.usage_policy, v.content_hash),
                 'the last event, ' || coalesce(v.event_type, 'none') || ', left it ' || coalesce(concat_ws(', ', v.event_status, v.event_policy, v.event_hash), 'unknown')
                 || ' instead of ' || concat_ws(', ', v.status, v.usage_policy, v.content_hash))
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
