import { finding, type Invariant } from './invariant.ts'

const MIB = 1024 * 1024
/** A process that has done this run's work may hold this much more than one that has just begun. */
const RSS_LIMIT_BYTES = 320 * MIB
const DESCRIPTORS_MORE = 40
const CONNECTIONS_MORE = 20

/** Nothing is left over: no message, no job, no growth; and nobody was shown an error that is not an honest one. */
export const nothingIsLeft: Invariant = async ({ admin, queued, before, after, history, product }) => {
  const messages = await admin<{ id: string; kind: string; quarantine_reason: string | null }[]>`
    select id, kind, quarantine_reason from outbox`
  const grown = Object.entries(after.services).flatMap(([name, held]) => {
    // SAFETY: both were measured for the same services.
    const first = before.services[name as keyof typeof before.services]
    if (!held || !first) return [`${name} is not running`]
    return [
      ...(held.rssBytes > RSS_LIMIT_BYTES ? [`${name} holds ${Math.round(held.rssBytes / MIB)} MiB`] : []),
      ...(held.descriptors > first.descriptors + DESCRIPTORS_MORE
        ? [`${name} has ${held.descriptors} descriptors open, ${first.descriptors} at first`]
        : []),
    ]
  })
  if (after.connections > before.connections + CONNECTIONS_MORE)
    grown.push(`${after.connections} connections to PostgreSQL, ${before.connections} at first`)
  return [
    finding(
      'no message is left in the outbox',
      1,
      messages.map(({ id, kind }) => `message ${id} (${kind})`),
    ),
    finding('no job is left in the queue', 1, queued === 0 ? [] : [`${queued} jobs`]),
    finding('memory, descriptors and connections have not grown', 7, grown),
    finding(
      'every answer to a client was a right one, or an honest problem',
      sum(history.statuses.values()),
      history.complaints,
    ),
    finding('no service gave itself up', 1, product.alarms),
  ]
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0)
