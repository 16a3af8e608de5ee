import type { Tx } from '../transaction.ts'

export type SubscriberState = {
  name: string
  state: 'active' | 'paused' | 'disabled'
  failing_since: string | null
  probe_at: string | null
}

/** How a subscriber does: active unless something was written down about it. */
export async function findSubscriberState(tx: Tx, name: string): Promise<SubscriberState> {
  const [row] = await tx<SubscriberState[]>`
    select name, state, failing_since, probe_at from webhook_subscribers where name = ${name}`
  return row ?? { name, state: 'active', failing_since: null, probe_at: null }
}

/** All that was written down about subscribers. */
export async function listSubscriberStates(tx: Tx): Promise<SubscriberState[]> {
  return await tx<SubscriberState[]>`select name, state, failing_since, probe_at from webhook_subscribers`
}

/** An attempt succeeded: whatever was wrong with the subscriber is over. */
export async function noteSubscriberAlive(tx: Tx, name: string): Promise<void> {
  await tx`
    update webhook_subscribers
       set state = case when state = 'disabled' then state else 'active' end, failing_since = null, probe_at = null, reason = null, changed_at = now()
     where name = ${name} and (failing_since is not null or state = 'paused')`
}

/** An attempt failed: since when, and whether that is long enough to pause the subscriber. */
export async function noteSubscriberFailing(
  tx: Tx,
  name: string,
  { pauseAfterMs, probeEveryMs, reason }: { pauseAfterMs: number; probeEveryMs: number; reason: string },
): Promise<{ paused: boolean }> {
  const [row] = await tx<{ state: string }[]>`
    insert into webhook_subscribers as s (name, failing_since, reason)
    values (${name}, now(), ${reason})
    on conflict (name) do update
       set failing_since = coalesce(s.failing_since, now()),
           reason = excluded.reason,
           state = case when s.state = 'active' and s.failing_since < now() - make_interval(secs => ${pauseAfterMs / 1000}) then 'paused' else s.state end,
           probe_at = now() + make_interval(secs => ${probeEveryMs / 1000}),
           changed_at = now()
    returning state`
  return { paused: row?.state === 'paused' }
}

/** The subscriber said 410: it is not called again until an operator resumes it. */
export async function disableSubscriber(tx: Tx, name: string, reason: string): Promise<void> {
  await tx`
    insert into webhook_subscribers (name, state, reason) values (${name}, 'disabled', ${reason})
    on conflict (name) do update set state = 'disabled', reason = excluded.reason, changed_at = now()`
}
