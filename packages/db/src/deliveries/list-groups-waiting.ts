import type { Tx } from '../transaction.ts'

/** The groups whose events wait for a subscriber, for longer than a time. */
export async function listGroupsWaiting(tx: Tx, subscriber: string, olderThanMs: number): Promise<string[]> {
  const rows = await tx<{ group_id: string }[]>`
    select distinct group_id from webhook_deliveries
     where subscriber = ${subscriber} and state = 'pending'
       and created_at <= now() - make_interval(secs => ${olderThanMs / 1000})`
  return rows.map(({ group_id }) => group_id)
}
