import type { Tx } from '../transaction.ts'

/**
 * Takes the right to call a paused subscriber once. It moves the time of the next probe in the same statement, so of all
 * deliveries that come at that time one gets it, and a worker that dies with it delays the next probe, no more.
 */
export async function claimProbe(tx: Tx, name: string, nextInMs: number): Promise<boolean> {
  const claimed = await tx`
    update webhook_subscribers set probe_at = now() + make_interval(secs => ${nextInMs / 1000})
     where name = ${name} and state = 'paused' and probe_at <= now()`
  return claimed.count > 0
}
