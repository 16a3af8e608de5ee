import * as v from 'valibot'
import { testSubscriber as sendSamples } from '../../commands/test-subscriber.ts'
import { findSubscriber } from '../../http/find-subscriber.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { EmptyBody } from '../../http/empty-body.ts'

/** Lets a subscriber try itself on a sample of each event that it wants. */
export const testSubscriber = route(
  {
    operationId: 'testSubscriber',
    method: 'post',
    path: '/webhooks/:subscriber/test',
    summary: 'Send a subscriber a sample of each of its events',
    tag: 'webhooks',
    body: EmptyBody,
    bodyOptional: true,
    bodyExample: {},
    answers: {
      202: {
        description: 'The samples are sent, signed as any other and marked with `"test": true`',
        schema: v.object({
          subscriber: v.string(),
          samples: v.array(v.object({ event_type: v.string(), webhook_id: v.string() })),
        }),
        example: {
          subscriber: 'deployments',
          samples: [{ event_type: 'published', webhook_id: 'msg_019ab1de-7c00-7000-8000-000000000002' }],
        },
      },
    },
    problems: ['forbidden', 'not-found', 'subscriber-state'],
  },
  (c) => {
    const subscriber = findSubscriber(c)
    return transact(c, async (tx) => {
      const samples = await sendSamples(tx, c.get('actor'), subscriber)
      return { status: 202, body: { subscriber: subscriber.name, samples } }
    })
  },
)
