import { finding, type Invariant } from './invariant.ts'

type Change = { artifact_id: string; published: boolean; at: number }

/** A withdrawal nobody was told of commits within so long of its start: statements end after 5 s, idle transactions after 10 s. */
const COMMITTED_WITHIN_MS = 20_000

/**
 * No read was served what was not published at some moment of it. A version is published from the start of the transaction
 * that made it so, at the earliest, until its withdrawal was answered, at the latest.
 */
export const readsWerePublished: Invariant = async ({ admin, history }) => {
  const changes = await admin<Change[]>`
    select artifact_id, event_type in ('published', 'restored') as published,
           (extract(epoch from created_at) * 1000)::float8 as at
      from artifact_events where event_type in ('published', 'restored', 'blocked', 'rollback', 'archived')
     order by group_id, type, name, sequence`
  const byArtifact = Map.groupBy(changes, ({ artifact_id }) => artifact_id)
  const wrong = history.served.filter(({ id, from, until }) => {
    const ends = history.withdrawn.get(id) ?? []
    return !intervals(byArtifact.get(id) ?? [], ends).some((one) => one.from <= until && from <= one.until)
  })
  const otherHash = history.served.filter(
    ({ id, hash }) => history.hashes.has(id) && !history.hashes.get(id)?.has(hash),
  )
  return [
    finding(
      'nothing was served that was not published at that moment',
      history.served.length,
      wrong.map(({ id, from, until }) => `artifact ${id} at ${new Date(from).toISOString()} (${until - from} ms)`),
    ),
    finding(
      'what was served has the hash of what was sent',
      history.served.length,
      otherHash.map(({ id, hash }) => `artifact ${id} as ${hash}`),
    ),
  ]
}

function intervals(changes: Change[], answered: number[]): { from: number; until: number }[] {
  return changes.flatMap(({ published, at }, index) => {
    if (!published) return []
    const end = changes.slice(index + 1).find((change) => !change.published)
    if (end === undefined) return [{ from: at, until: Number.POSITIVE_INFINITY }]
    const latest = end.at + COMMITTED_WITHIN_MS
    const told = answered.filter((when) => when >= end.at && when <= latest)
    return [{ from: at, until: Math.min(latest, ...told) }]
  })
}
