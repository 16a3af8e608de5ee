import type { Tx } from '../transaction.ts'

/**
 * Notes that the queue took others but refused this message. It is tried again later and later; after `maxFailures`
 * it is set aside, so that it neither blocks others nor gets lost.
 * @returns true when it was set aside
 */
export async function refuseMessage(tx: Tx, id: string, reason: string, maxFailures: number): Promise<boolean> {
  const [row] = await tx<{ quarantined: boolean }[]>`
    update outbox
       set failures = failures + 1,
           leased_until = null,
           due_at = clock_timestamp() + make_interval(secs => least(power(2, failures), 300)),
           quarantined_at = case when failures + 1 >= ${maxFailures} then clock_timestamp() end,
           quarantine_reason = ${reason}
     where id = ${id}
    returning quarantined_at is not null as quarantined`
  return row?.quarantined ?? false
}
