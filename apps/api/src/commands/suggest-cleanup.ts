import { randomUUIDv7 } from 'node:crypto'
import { insertPlan } from '@keepr/db/cleanup/insert-plan'
import { type IdleVersion, listIdleVersions } from '@keepr/db/cleanup/list-idle-versions'
import type { Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'

export type CleanupQuestion = {
  type: string | undefined
  ttls: ReadonlyMap<string, number>
  defaultTtlMs: number
  limit: number
  after: readonly [idle_since: string, id: string] | undefined
}

/** Lists what has been idle for too long and keeps the page as a plan. Changes no artifact. */
export async function suggestCleanup(
  tx: Tx,
  actor: Actor,
  question: CleanupQuestion,
): Promise<{ plan_id: string; items: IdleVersion[]; more: boolean }> {
  const { limit } = question
  const found = await listIdleVersions(tx, { ...question, group_id: actor.groupId, limit: limit + 1 })
  const items = found.slice(0, limit)
  const plan_id = randomUUIDv7()
  await insertPlan(tx, { id: plan_id, group_id: actor.groupId, created_by: actor.userId, items })
  return { plan_id, items, more: found.length > limit }
}
