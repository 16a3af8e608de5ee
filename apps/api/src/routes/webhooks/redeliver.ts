import { redeliver as redeliverRow } from '@keepr/db/deliveries/redeliver'
import { decideForGroup } from '@keepr/shared/domain/access'
import { problem } from '@keepr/shared/problem'
import { param, route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewDelivery } from '../../views/delivery.ts'
import { EmptyBody } from '../artifacts/empty-body.ts'
import { Delivery, deliveryExample } from './delivery.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu

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
    if (decideForGroup('redeliver', actor).outcome !== 'allowed') throw problem('forbidden')
    const id = param(c, 'id')
    if (!uuid.test(id)) throw problem('not-found')
    return await transact(c, async (tx) => {
      const delivery = await redeliverRow(tx, actor.groupId, id)
      if (delivery === null) throw problem('not-found')
      if (!delivery) throw problem('delivery-not-redeliverable')
      if (
        !c
          .get('ctx')
          .subscribers()
          .some(({ name }) => name === delivery.subscriber)
      )
        throw problem('delivery-not-redeliverable', { detail: 'Its subscriber is not configured any more.' })
      return { status: 202, body: viewDelivery(delivery) }
    })
  },
)
