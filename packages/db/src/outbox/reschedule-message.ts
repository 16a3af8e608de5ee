import { randomUUIDv7 } from 'node:crypto'
import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewMessage = {
  kind: MessageKind
  /** Artifact type, subscriber, or 'events': in-flight work is bounded per lane, so one slow lane delays no other. */
  lane: string
  group_id: string
  refs: string[]
  traceparent?: string | undefined
  delayMs: number
}

/** Makes the message of a run or a delivery due again after `delayMs`, writing it anew if it was lost. */
export async function rescheduleMessage(tx: Tx, message: NewMessage): Promise<void> {
  const due = tx`clock_timestamp() + make_interval(secs => ${message.delayMs / 1000})`
  await tx`
    insert into outbox as o (id, kind, lane, group_id, refs, traceparent, due_at)
    values (${randomUUIDv7()}, ${message.kind}, ${message.lane}, ${message.group_id}, ${message.refs}::uuid[], ${message.traceparent ?? null}, ${due})
    ${orRescheduled(tx)}`
}

/**
 * What becomes of a message that is there (`outbox as o`). The generation grows, so that the queue takes it for a new job even while
 * the old one is being finished. One that was set aside gets another chance: a run is to end at its deadline, and what somebody asks to
 * be delivered again is to be sent.
 */
export const orRescheduled = (tx: Tx) => tx`
  on conflict (kind, (refs[1])) where kind <> 'fan_out_events'
  do update set due_at = excluded.due_at, leased_until = null, generation = o.generation + 1,
                failures = 0, expiries = 0, quarantined_at = null, quarantine_reason = null`
