import type { Tx } from '../transaction.ts'
import type { IdleVersion } from './list-idle-versions.ts'

/** Keeps what was suggested, so that exactly that can be applied. */
export async function insertPlan(
  tx: Tx,
  plan: { id: string; group_id: string; created_by: string; items: readonly IdleVersion[] },
): Promise<void> {
  await tx`
    insert into cleanup_plans (id, group_id, created_by, items)
    values (${plan.id}, ${plan.group_id}, ${plan.created_by}, ${JSON.stringify(plan.items)}::text::jsonb)`
}
