import type { Tx } from '../transaction.ts'

/**
 * Pauses a subscriber that has failed for long enough: nothing is sent to it but a probe, from time to time.
 * @returns true for the one attempt that brought it about
 */
export async function pauseSubscriber(
  tx: Tx,
  name: string,
  { failingForMs, probeInMs, reason }: { failingForMs: number; probeInMs: number; reason: string },
): Promise<boolean> {
  const paused = await tx`
    update webhook_subscribers
       set state = 'paused', reason = ${reason}, probe_at = now() + make_interval(secs => ${probeInMs / 1000}), changed_at = now()
     where name = ${name} and state = 'active' and failing_since <= now() - make_interval(secs => ${failingForMs / 1000})`
  return paused.count > 0
}
