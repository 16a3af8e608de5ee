import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** What is in use: its bytes, what is derived from them, its place in the ledger, and the verdict that it stands on. */
export const activeArtifacts: Scan = {
  table: 'artifact_active',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows, bytes }) =>
    toBatch(
      await sql<BatchRow[]>`
      with sized as (
        select id, sum(content_size) over (order by id) - content_size as before
          from artifact_active where id > ${after} order by id limit ${rows}
      ), batch as materialized (
        select a.* from artifact_active a join sized on sized.id = a.id where sized.before < ${bytes}
      ), judged as (
        select a.*, v.artifact_id as ledger_id, v.created_by as ledger_created_by, v.content_hash as ledger_hash,
               v.status as ledger_status, v.usage_policy as ledger_policy, r.id as run_id, r.artifact_id as run_artifact,
               r.content_hash as run_hash, r.state as run_state, r.kind as run_kind
          from batch a
          left join artifact_versions v
            on v.group_id = a.group_id and v.type = a.type and v.name = a.name and v.version = a.version
          left join validation_runs r on r.id = a.validation_run_id and r.group_id = a.group_id
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', a.id, 'promise', p.promise, 'found', p.found)) from judged a, lateral (values
               ('content_matches_its_hash', a.purged_at is not null or encode(sha256(a.content), 'hex') = a.content_hash,
                 'the content hashes to ' || coalesce(encode(sha256(a.content), 'hex'), 'nothing')),
               ('content_has_its_size', a.purged_at is not null or octet_length(a.content) = a.content_size,
                 octet_length(a.content) || ' bytes instead of ' || a.content_size),
               ('purged_content_is_gone', a.purged_at is null or (a.content is null and a.json_content is null and a.metadata = '{}'),
                 'content or metadata of a purged version'),
               ('purge_is_told', a.purged_at is null or exists (select from artifact_events e
                  where e.group_id = a.group_id and e.artifact_id = a.id and e.event_type = 'purged'), 'no event of the purge'),
               ('derived_columns_follow_metadata', a.tags = coalesce(a.metadata -> 'tags', '[]') and a.category is not distinct from a.metadata ->> 'category'
                  and a.description is not distinct from a.metadata ->> 'description'
                  and a.search_words = to_tsvector('simple', translate(a.name, '._-', '   ') || ' ' || coalesce(a.metadata ->> 'description', '')),
                 'tags, category, description or words that are not those of the metadata'),
               ('version_sorts_by_precedence', a.version_sort = version_sort_key(a.version) and a.is_prerelease = (strpos(a.version, '-') > 0),
                 'the sort key of another version'),
               ('version_is_in_the_ledger', (a.ledger_id, a.ledger_created_by, a.ledger_hash, a.ledger_status, a.ledger_policy)
                  is not distinct from (a.id, a.created_by, a.content_hash, a.status, a.usage_policy),
                 'the ledger says ' || coalesce(concat_ws(', ', a.ledger_id, a.ledger_created_by, a.ledger_hash, a.ledger_status, a.ledger_policy), 'nothing')),
               ('artifact_is_in_one_place', not exists (select from artifact_history h
                  where h.group_id = a.group_id and h.original_id = a.id and h.restored_at is null), 'it is archived as well'),
               ('published_by_verdict_only', a.status <> 'published' or exists (select from validation_runs r
                  where r.group_id = a.group_id and r.artifact_id = a.id and r.content_hash = a.content_hash
                    and r.state in ('passed', 'not_required') and not r.simulate), 'no run passed for exactly this content'),
               ('current_run_is_its_own', a.validation_run_id is null or (a.run_artifact = a.id and a.run_hash = a.content_hash),
                 'the run is of another artifact or content'),
               ('verification_waits_for_a_run', a.status <> 'on_verification' or (a.run_state in ('waiting', 'running', 'error', 'held')
                  and a.run_kind <> 'recheck'), 'its run is ' || coalesce(a.run_state, 'missing')),
               ('blocked_has_a_reason', a.status <> 'blocked' or (a.blocked_reason is not null and a.run_state in ('failed', 'expired', 'cancelled')),
                 'blocked because of ' || coalesce(a.blocked_reason, 'nothing') || ', by a run that ' || coalesce(a.run_state, 'does not exist')),
               ('drafts_were_never_published', a.status <> 'draft' or a.published_at is null, 'a draft with a time of publication')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
