import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { viewSubscriber } from '../../views/subscriber.ts'
import { Subscriber, subscriberExample } from './subscriber.ts'

/** Who is told of events, and who of them is failing, paused or disabled. */
export const listSubscribers = route(
  {
    operationId: 'listSubscribers',
    method: 'get',
    path: '/webhooks/subscribers',
    summary: 'The configured subscribers and how they do',
    tag: 'webhooks',
    answers: {
      200: {
        description: 'All of them, in the order of the configuration',
        schema: v.object({ items: v.array(Subscriber), next_cursor: v.nullable(v.string()) }),
        example: { items: [subscriberExample], next_cursor: null },
      },
    },
    problems: ['forbidden'],
  },
  async (c) => {
    requireGroupRight(c, 'manage_subscribers')
    const { db, subscribers } = c.get('ctx')
    const states = await db.withActor(c.get('actor'), listSubscriberStates)
    const items = subscribers().map((one) =>
      viewSubscriber(
        one,
        states.find(({ name }) => name === one.name),
      ),
    )
    return send(c, { status: 200, body: { items, next_cursor: null }, headers: revalidated })
  },
)
