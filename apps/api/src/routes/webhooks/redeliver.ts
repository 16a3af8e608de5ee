import { redeliver as redeliverRow } from '@keepr/db/deliveries/redeliver'
import { findSubscriberState } from '@keepr/db/subscribers/find-subscriber-state'
import { problem } from '@keepr/shared/problem'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { idParam, route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewDelivery } from '../../views/delivery.ts'
import { EmptyBody } from '../../http/empty-body.ts'
import { Delivery, deliveryExample } from './delivery.ts'

/** Sends a settled delivery once more. */
export const redeliver = route(
  {
    operationId: 'redeliver',
    method: 'post',
    path: '/webhooks/deliveries/:id/redeliver',
    summary: 'Send a delivery again',
    tag: 'webhooks',
    body: EmptyBody,
    bodyExample: {},
    bodyOptional: true,
    answers: { 202: { description: 'It will be sent again', schema: Delivery, example: deliveryExample } },
    problems: ['forbidden', 'not-found', 'delivery-not-redeliverable'],
  },
  async (c) => {
    const actor = c.get('actor')
    const { subscribers } = c.get('ctx')
    requireGroupRight(c, 'redeliver')
    const id = idParam(c)
    return await transact(c, async (tx) => {
      const found = await redeliverRow(tx, actor.groupId, id)
      if (!found) throw problem('not-found')
      const { delivery } = found
      if (!delivery) throw problem('delivery-not-redeliverable')
      if (!subscribers().some(({ name }) => name === delivery.subscriber))
        throw problem('delivery-not-redeliverable', { detail: 'Its subscriber is not configured any more.' })
      if ((await findSubscriberState(tx, delivery.subscriber)) === 'disabled')
        throw problem('delivery-not-redeliverable', {
          detail: 'Its subscriber is disabled; an operator must resume it first.',
        })
      return { status: 202, body: viewDelivery(delivery) }
    })
  },
)
