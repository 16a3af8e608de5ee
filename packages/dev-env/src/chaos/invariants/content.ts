import { finding, type Invariant } from './invariant.ts'

/** Bytes are what was hashed, published is what passed for exactly that hash, and the history is complete. */
export const contentIsWhole: Invariant = async ({ admin, history }) => {
  const bytes = await admin<{ id: string; place: string; intact: boolean; content_hash: string }[]>`
    select id, place, content_hash, encode(sha256(content), 'hex') = content_hash as intact
      from (select id, 'active' as place, content, content_hash from artifact_active
             union all select original_id, 'history', content, content_hash from artifact_history) stored`
  const unjudged = await admin<{ id: string }[]>`
    select id from (select id, group_id, content_hash from artifact_active where status = 'published'
                     union all select original_id, group_id, content_hash from artifact_history) once_published
     where not exists (select from validation_runs r
                        where r.artifact_id = once_published.id and r.content_hash = once_published.content_hash
                          and r.state in ('passed', 'not_required'))`
  const judged = await admin<{ id: string; type: string; content_hash: string; state: string }[]>`
    select r.artifact_id as id, v.type, r.content_hash, r.state
      from validation_runs r join artifact_versions v on v.artifact_id = r.artifact_id
     where r.state in ('passed', 'failed')`
  const wrong = judged.filter(({ content_hash, state }) => {
    const sent = history.sent.get(content_hash)
    return sent !== undefined && sent.harmful !== (state === 'failed')
  })
  const stays = await admin<{ id: string; moves: number; rows: number; returns: number; restored: number }[]>`
    select e.artifact_id as id, e.moves, e.returns, coalesce(h.rows, 0) as rows, coalesce(h.restored, 0) as restored
      from (select artifact_id, count(*) filter (where event_type in ('rollback', 'archived'))::int as moves,
                   count(*) filter (where event_type = 'restored')::int as returns
              from artifact_events group by artifact_id) e
      left join (select original_id, count(*)::int as rows, count(restored_at)::int as restored
                   from artifact_history group by original_id) h on h.original_id = e.artifact_id
     where e.moves <> coalesce(h.rows, 0) or e.returns <> coalesce(h.restored, 0)`
  return [
    finding(
      'stored bytes hash to content_hash, in use and in the history',
      bytes.length,
      bytes.filter(({ intact }) => !intact).map(({ id, place }) => `artifact ${id} (${place})`),
    ),
    finding(
      'what is or was published passed for exactly its hash',
      bytes.length,
      unjudged.map(({ id }) => `artifact ${id}`),
    ),
    finding(
      'a verdict is the one that the content deserves',
      judged.length,
      wrong.map(({ id, state }) => `artifact ${id} ${state}`),
    ),
    finding(
      'the history holds every stay in the archive',
      bytes.length,
      stays.map(
        (row) =>
          `artifact ${row.id}: ${row.moves} moves, ${row.rows} rows; ${row.returns} returns, ${row.restored} marked`,
      ),
    ),
  ]
}
