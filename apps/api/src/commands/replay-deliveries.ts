import { type Replay, replayDeliveries as replayRows } from '@keepr/db/deliveries/replay-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import type { Tx } from '@keepr/db/transaction'
import { requireActiveSubscriber } from './require-active-subscriber.ts'

/** Sends settled deliveries of a subscriber again, and notes who wanted it. */
export async function replayDeliveries(tx: Tx, operator: string, wanted: Replay): ReturnType<typeof replayRows> {
  await requireActiveSubscriber(tx, wanted.subscriber)
  const answer = await replayRows(tx, wanted)
  if (answer.replayed > 0)
    await insertOperationalEvent(tx, {
      event_type: 'subscriber_replayed',
      subject: wanted.subscriber,
      actor: operator,
      event_data: {
        count: answer.replayed,
        states: [...wanted.states],
        since: wanted.since ?? null,
        until: wanted.until ?? null,
      },
    })
  return answer
}
