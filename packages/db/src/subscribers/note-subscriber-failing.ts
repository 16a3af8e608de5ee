import type { Tx } from '../transaction.ts'

/** The first attempt in a row that failed: from now on the subscriber is failing. Later ones change nothing. */
export async function noteSubscriberFailing(tx: Tx, name: string, reason: string): Promise<void> {
  await tx`
    insert into webhook_subscribers as s (name, failing_since, reason) values (${name}, now(), ${reason})
    on conflict (name) do update set failing_since = now(), reason = excluded.reason, changed_at = now()
     where s.failing_since is null and s.state = 'active'`
}
