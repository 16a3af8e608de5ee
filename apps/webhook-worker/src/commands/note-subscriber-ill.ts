import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { disableSubscriber } from '@keepr/db/subscribers/disable-subscriber'
import { noteSubscriberFailing } from '@keepr/db/subscribers/note-subscriber-failing'
import { pauseSubscriber } from '@keepr/db/subscribers/pause-subscriber'
import type { Tx } from '@keepr/db/transaction'
import { systemActor } from '@keepr/shared/domain/actor'
import type { Context } from '../context.ts'

export type SubscriberChange = { transition: 'paused' | 'disabled'; reason: string }
type Ill = { delivery: WaitingDelivery; gone: boolean; reason: string }

/**
 * What a failed attempt tells of its subscriber: it fails from now on, has failed for so long that it is paused, or wants
 * nothing any more (410). Each change is written down once, by the attempt that brings it about.
 */
export async function noteSubscriberIll(
  tx: Tx,
  pausing: Context['pausing'],
  ill: Ill,
): Promise<SubscriberChange | undefined> {
  const change = await changeOf(tx, pausing, ill)
  if (change)
    await insertOperationalEvent(tx, {
      event_type: `subscriber_${change.transition}`,
      subject: ill.delivery.subscriber,
      actor: systemActor('webhook-worker'),
      event_data: { reason: change.reason },
    })
  return change
}

async function changeOf(
  tx: Tx,
  pausing: Context['pausing'],
  { delivery: { subscriber, failing, subscriber_state }, gone, reason }: Ill,
): Promise<SubscriberChange | undefined> {
  if (gone) {
    const why = 'it answered 410 Gone'
    return (await disableSubscriber(tx, subscriber, why)) ? { transition: 'disabled', reason: why } : undefined
  }
  if (subscriber_state !== 'active') return undefined
  if (!failing) await noteSubscriberFailing(tx, subscriber, reason)
  const paused = await pauseSubscriber(tx, subscriber, {
    failingForMs: pausing.afterMs,
    probeInMs: pausing.probeEveryMs,
    reason,
  })
  return paused ? { transition: 'paused', reason } : undefined
}
