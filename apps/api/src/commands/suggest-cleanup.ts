import { randomUUIDv7 } from 'node:crypto'
import { insertPlan } from '@keepr/db/cleanup/insert-plan'
import { findIdleReach } from '@keepr/db/cleanup/find-idle-reach'
import { type IdleVersion, listIdleVersions, type Place } from '@keepr/db/cleanup/list-idle-versions'
import type { Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'

export type CleanupQuestion = {
  type: string | undefined
  ttls: ReadonlyMap<string, number>
  defaultTtlMs: number
  limit: number
  after: Place | undefined
}

/**
 * Lists what has been idle for too long, the longest first within a page, and keeps the page as a plan. Changes no artifact.
 * @returns where to go on, if there may be more: also where a look ended before the page was full
 */
export async function suggestCleanup(
  tx: Tx,
  actor: Actor,
  question: CleanupQuestion,
): Promise<{ plan_id: string; items: IdleVersion[]; next: Place | undefined }> {
  const { limit } = question
  const asked = { ...question, group_id: actor.groupId }
  const found = await listIdleVersions(tx, { ...asked, limit: limit + 1 })
  const last = found.length > limit ? found[limit - 1] : undefined
  const next = last ? ([last.created_at, last.id] as const) : await findIdleReach(tx, asked)
  const items = found.slice(0, limit).map(itemOf)
  items.sort((a, b) => b.idle_ms - a.idle_ms)
  const plan_id = randomUUIDv7()
  await insertPlan(tx, { id: plan_id, group_id: actor.groupId, created_by: actor.userId, items })
  return { plan_id, items, next }
}

/** What is told of it, without the place that it was found at. */
const itemOf = ({ id, name, type, version, status, idle_since, idle_ms, ttl_ms, bytes, latest }: IdleVersion) => ({
  id,
  name,
  type,
  version,
  status,
  idle_since,
  idle_ms,
  ttl_ms,
  bytes,
  latest,
})
