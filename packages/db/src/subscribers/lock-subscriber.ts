import type { SubscriberState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** The state of a subscriber, which stays so until this transaction ends. */
export async function lockSubscriber(tx: Tx, name: string): Promise<SubscriberState> {
  const [row] = await tx<{ state: SubscriberState }[]>`
    select state from webhook_subscribers where name = ${name} for update`
  return row?.state ?? 'active'
}
