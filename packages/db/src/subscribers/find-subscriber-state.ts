import type { SubscriberState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** The state of a subscriber at the moment; one of which nothing was written down is active. */
export async function findSubscriberState(tx: Tx, name: string): Promise<SubscriberState> {
  const [row] = await tx<{ state: SubscriberState }[]>`select state from webhook_subscribers where name = ${name}`
  return row?.state ?? 'active'
}
