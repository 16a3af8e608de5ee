import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** What has been: every stay in the archive, with its bytes, its ledger, and what came back from it. */
export const archivedArtifacts: Scan = {
  table: 'artifact_history',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows, bytes }) =>
    toBatch(
      await sql<BatchRow[]>`
      with sized as (
        select id, sum(content_size) over (order by id) - content_size as before
          from artifact_history where id > ${after} order by id limit ${rows}
      ), batch as materialized (
        select h.* from artifact_history h join sized on sized.id = h.id where sized.before < ${bytes}
      ), judged as (
        select h.*, v.artifact_id as ledger_id, v.created_by as ledger_created_by, v.content_hash as ledger_hash,
               v.status as ledger_status, v.usage_policy as ledger_policy
          from batch h
          left join artifact_versions v
            on v.group_id = h.group_id and v.type = h.type and v.name = h.name and v.version = h.version
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', h.id, 'promise', p.promise, 'found', p.found)) from judged h, lateral (values
               ('content_matches_its_hash', h.purged_at is not null or encode(sha256(h.content), 'hex') = h.content_hash,
                 'the content hashes to ' || coalesce(encode(sha256(h.content), 'hex'), 'nothing')),
               ('content_has_its_size', h.purged_at is not null or octet_length(h.content) = h.content_size,
                 octet_length(h.content) || ' bytes instead of ' || h.content_size),
               ('purged_content_is_gone', h.purged_at is null or (h.content is null and h.json_content is null and h.metadata = '{}'),
                 'content or metadata of a purged version'),
               ('purge_is_told', h.purged_at is null or exists (select from artifact_events e
                  where e.group_id = h.group_id and e.artifact_id = h.original_id and e.event_type = 'purged'), 'no event of the purge'),
               ('derived_columns_follow_metadata', h.tags = coalesce(h.metadata -> 'tags', '[]') and h.category is not distinct from h.metadata ->> 'category'
                  and h.description is not distinct from h.metadata ->> 'description'
                  and h.search_words = to_tsvector('simple', translate(h.name, '._-', '   ') || ' ' || coalesce(h.metadata ->> 'description', '')),
                 'tags, category, description or words that are not those of the metadata'),
               ('version_sorts_by_precedence', h.version_sort = version_sort_key(h.version) and h.is_prerelease = (strpos(h.version, '-') > 0),
                 'the sort key of another version'),
               ('version_is_in_the_ledger', (h.ledger_id, h.ledger_created_by, h.ledger_hash) is not distinct from (h.original_id, h.created_by, h.content_hash)
                  and (h.restored_at is not null or (h.ledger_status, h.ledger_policy) is not distinct from (h.status, h.usage_policy)),
                 'the ledger says ' || coalesce(concat_ws(', ', h.ledger_id, h.ledger_created_by, h.ledger_hash, h.ledger_status, h.ledger_policy), 'nothing')),
               ('archived_was_published', exists (select from validation_runs r
                  where r.group_id = h.group_id and r.artifact_id = h.original_id and r.content_hash = h.content_hash
                    and r.state in ('passed', 'not_required') and not r.simulate), 'no run passed for exactly this content'),
               ('restored_is_the_same', h.restored_at is null or exists (
                  select from (
                    select id, type, name, version, content_hash, content_type, content_kind, content_size, created_by, created_at,
                           published_at, purged_at from artifact_active a where a.group_id = h.group_id and a.id = h.original_id
                    union all
                    select original_id, type, name, version, content_hash, content_type, content_kind, content_size, created_by, created_at,
                           published_at, purged_at from artifact_history l
                     where l.group_id = h.group_id and l.original_id = h.original_id and l.restored_at is null) now
                   where (now.type, now.name, now.version, now.content_hash, now.content_type, now.content_kind, now.content_size,
                          now.created_by, now.created_at, now.published_at, now.purged_at)
                      is not distinct from (h.type, h.name, h.version, h.content_hash, h.content_type, h.content_kind, h.content_size,
                          h.created_by, h.created_at, h.published_at, h.purged_at)), 'what was restored from it is not there, or not the same'),
               ('archiving_is_told', (select count(*) from artifact_history x where x.group_id = h.group_id and x.original_id = h.original_id)
                  = (select count(*) from artifact_events e where e.group_id = h.group_id and e.artifact_id = h.original_id
                      and e.event_type in ('rollback', 'archived')), 'another number of events than of stays in the archive'),
               ('restoring_is_told', (select count(restored_at) from artifact_history x where x.group_id = h.group_id and x.original_id = h.original_id)
                  = (select count(*) from artifact_events e where e.group_id = h.group_id and e.artifact_id = h.original_id
                      and e.event_type = 'restored'), 'another number of events than of returns from the archive')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
