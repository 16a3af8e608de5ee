import type { Tx } from '../transaction.ts'
import type { IdleVersion } from './list-idle-versions.ts'

/**
 * Takes a plan to apply it: once, and within 24 hours. Of two that try at a time the second waits for the first and
 * then finds it applied. `items` is undefined when the plan may not be applied any more; no plan at all: undefined.
 */
export async function takePlan(
  tx: Tx,
  { group_id, id }: { group_id: string; id: string },
): Promise<{ items: IdleVersion[] | undefined } | undefined> {
  const [taken] = await tx<{ items: IdleVersion[] }[]>`
    update cleanup_plans set applied_at = now()
     where id = ${id} and group_id = ${group_id} and applied_at is null and created_at > now() - interval '24 hours'
    returning items`
  if (taken) return taken
  const known = await tx`select from cleanup_plans where id = ${id} and group_id = ${group_id}`
  return known.length === 0 ? undefined : { items: undefined }
}
