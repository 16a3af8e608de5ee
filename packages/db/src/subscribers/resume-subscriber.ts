import type { SubscriberState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** Makes a paused or disabled subscriber active. @returns the state it was in; undefined when it was active */
export async function resumeSubscriber(tx: Tx, name: string): Promise<SubscriberState | undefined> {
  const [row] = await tx<{ was: SubscriberState }[]>`
    with before as (select state from webhook_subscribers where name = ${name} and state <> 'active' for update)
    update webhook_subscribers
       set state = 'active', failing_since = null, probe_at = null, reason = null, changed_at = now()
      from before where name = ${name}
    returning before.state as was`
  return row?.was
}
