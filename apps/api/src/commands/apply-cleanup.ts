import { deleteDraft } from '@keepr/db/artifacts/delete-draft'
import type { IdleVersion } from '@keepr/db/cleanup/list-idle-versions'
import { listStillIdle } from '@keepr/db/cleanup/list-still-idle'
import { takePlan } from '@keepr/db/cleanup/take-plan'
import { appendEvents, type Cause, type NewEvent } from '@keepr/db/events/append-events'
import { moveToHistory } from '@keepr/db/history/move-to-history'
import { lockName } from '@keepr/db/names/lock-name'
import type { Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'

export type CleanupOrder = { plan_id: string; include_latest: boolean; cause: Cause }
export type CleanedUp = IdleVersion & { outcome: 'archived' | 'discarded' | 'kept' }

/** Archives and discards what a plan listed and what still qualifies, once. Names are locked in one order, so that two plans cannot wait for each other. */
export async function applyCleanup(
  tx: Tx,
  actor: Actor,
  order: CleanupOrder,
): Promise<{ plan_id: string; items: CleanedUp[] }> {
  const plan = await takePlan(tx, { group_id: actor.groupId, id: order.plan_id })
  if (!plan) throw problem('not-found')
  if (!plan.items) throw problem('plan-not-applicable')
  const byName = Map.groupBy(plan.items, ({ type, name }) => `${type} ${name}`)
  const outcomes = new Map<string, CleanedUp['outcome']>()
  for (const [, planned] of [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [id, outcome] of await cleanUpName(tx, actor, planned, order)) outcomes.set(id, outcome)
  }
  const items = plan.items.map((item) => ({ ...item, outcome: outcomes.get(item.id) ?? ('kept' as const) }))
  return { plan_id: order.plan_id, items }
}

async function cleanUpName(
  tx: Tx,
  actor: Actor,
  planned: IdleVersion[],
  { plan_id, include_latest, cause }: CleanupOrder,
): Promise<Map<string, 'archived' | 'discarded'>> {
  const done = new Map<string, 'archived' | 'discarded'>()
  const [first] = planned
  if (!first) return done
  const name = { group_id: actor.groupId, type: first.type, name: first.name }
  await lockName(tx, name, 0)
  const idle = await listStillIdle(tx, actor.groupId, planned)
  const leaving = idle.filter(({ status, latest }) => status === 'published' && (include_latest || !latest))
  const move = { by: actor.userId, reason: 'cleanup' as const }
  const archived = await moveToHistory(tx, actor.groupId, leaving.map(({ id }) => id), move) // prettier-ignore
  const event_data = { reason: 'cleanup', plan_id }
  const events = archived.map((artifact): NewEvent => ({ artifact, event_type: 'archived', event_data }))
  for (const { id } of archived) done.set(id, 'archived')
  for (const draft of idle.filter(({ status }) => status === 'draft')) {
    const artifact = await deleteDraft(tx, draft)
    if (!artifact) continue
    events.push({ artifact, event_type: 'discarded', event_data })
    done.set(artifact.id, 'discarded')
  }
  const locked = await lockName(tx, name, events.length)
  await appendEvents(tx, cause, locked?.last_sequence ?? 0, events)
  return done
}
