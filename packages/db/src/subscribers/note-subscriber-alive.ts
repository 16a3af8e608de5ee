import type { SubscriberState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/**
 * An attempt succeeded: whatever was wrong with the subscriber is over, unless it said 410.
 * @returns the state it was in; undefined when nothing was wrong
 */
export async function noteSubscriberAlive(tx: Tx, name: string): Promise<SubscriberState | undefined> {
  const [row] = await tx<{ was: SubscriberState }[]>`
    with before as (
      select state from webhook_subscribers
       where name = ${name} and state <> 'disabled' and (failing_since is not null or state = 'paused')
       for update)
    update webhook_subscribers
       set state = 'active', failing_since = null, probe_at = null, reason = null, changed_at = now()
      from before where name = ${name}
    returning before.state as was`
  return row?.was
}
