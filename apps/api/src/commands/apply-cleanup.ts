import { deleteDrafts } from '@keepr/db/artifacts/delete-drafts'
import type { IdleVersion } from '@keepr/db/cleanup/list-idle-versions'
import { listStillIdle } from '@keepr/db/cleanup/list-still-idle'
import { takePlan } from '@keepr/db/cleanup/take-plan'
import { appendEventsOfMany, type Cause, type NewEvent } from '@keepr/db/events/append-events'
import { moveToHistory } from '@keepr/db/history/move-to-history'
import { lockNames } from '@keepr/db/names/lock-names'
import type { Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'

export type CleanupOrder = { plan_id: string; include_latest: boolean; cause: Cause }
export type CleanedUp = IdleVersion & { outcome: 'archived' | 'discarded' | 'kept' }

/** Archives and discards what a plan listed and what still qualifies, once. */
export async function applyCleanup(
  tx: Tx,
  actor: Actor,
  order: CleanupOrder,
): Promise<{ plan_id: string; items: CleanedUp[] }> {
  const plan = await takePlan(tx, { group_id: actor.groupId, id: order.plan_id })
  if (!plan) throw problem('not-found')
  if (!plan.items) throw problem('plan-not-applicable')
  const outcomes = await cleanUp(tx, actor, plan.items, order)
  const items = plan.items.map((item) => ({ ...item, outcome: outcomes.get(item.id) ?? ('kept' as const) }))
  return { plan_id: order.plan_id, items }
}

/** All names at once: a plan may have a thousand, and one by one they would take longer than a request may. */
async function cleanUp(
  tx: Tx,
  { groupId, userId }: Actor,
  planned: readonly IdleVersion[],
  { plan_id, include_latest, cause }: CleanupOrder,
): Promise<Map<string, 'archived' | 'discarded'>> {
  const names = planned.map(({ type, name }) => ({ type, name, events: 0 }))
  await lockNames(tx, groupId, names)
  const idle = await listStillIdle(tx, groupId, planned)
  const leaving = idle.filter(({ status, latest }) => status === 'published' && (include_latest || !latest))
  const drafts = idle.filter(({ status }) => status === 'draft')
  const archived = await moveToHistory(tx, groupId, idsOf(leaving), { by: userId, reason: 'cleanup' })
  const discarded = await deleteDrafts(tx, groupId, idsOf(drafts))
  const event_data = { reason: 'cleanup', plan_id }
  await tell(tx, groupId, cause, [
    ...archived.map((artifact): NewEvent => ({ artifact, event_type: 'archived', event_data })),
    ...discarded.map((artifact): NewEvent => ({ artifact, event_type: 'discarded', event_data })),
  ])
  return new Map([
    ...archived.map(({ id }) => [id, 'archived'] as const),
    ...discarded.map(({ id }) => [id, 'discarded'] as const),
  ])
}

/** The events of each name stand in one message, in their order. */
async function tell(tx: Tx, groupId: string, cause: Cause, events: readonly NewEvent[]): Promise<void> {
  const byName = Map.groupBy(events, ({ artifact }) => keyOf(artifact))
  const names = events.map(({ artifact: { type, name } }) => ({ type, name, events: 1 }))
  const locked = await lockNames(tx, groupId, names)
  const changes = locked.map((name) => ({
    cause,
    lastSequence: name.last_sequence,
    events: byName.get(keyOf(name)) ?? [],
  }))
  await appendEventsOfMany(tx, changes)
}

const keyOf = ({ type, name }: { type: string; name: string }) => `${type} ${name}`

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)
