import type { Tx } from '../transaction.ts'

/** Notes how much a re-validation has before it, once. */
export async function countPublishedOfType(tx: Tx, recheckId: string): Promise<void> {
  await tx`
    update rechecks
       set total = (select count(*) from artifact_versions v where v.type = rechecks.artifact_type and v.status = 'published')
     where id = ${recheckId} and started = 0 and cursor is null`
}
