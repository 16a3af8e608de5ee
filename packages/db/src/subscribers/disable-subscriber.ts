import type { Tx } from '../transaction.ts'

/**
 * The subscriber said 410: it is not called again until an operator resumes it.
 * @returns false when it was disabled already
 */
export async function disableSubscriber(tx: Tx, name: string, reason: string): Promise<boolean> {
  const disabled = await tx`
    insert into webhook_subscribers as s (name, state, reason) values (${name}, 'disabled', ${reason})
    on conflict (name) do update
       set state = 'disabled', reason = excluded.reason, failing_since = null, probe_at = null, changed_at = now()
     where s.state <> 'disabled'`
  return disabled.count > 0
}
