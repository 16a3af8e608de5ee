import { problem } from '@keepr/shared/problem'
import { resumeSubscriber as resume } from '../../commands/resume-subscriber.ts'
import { findSubscriber } from '../../http/find-subscriber.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewSubscriber } from '../../views/subscriber.ts'
import { EmptyBody } from '../../http/empty-body.ts'
import { Subscriber, subscriberExample } from './subscriber.ts'

/** Makes a paused or disabled subscriber active again; what it missed can be replayed. */
export const resumeSubscriber = route(
  {
    operationId: 'resumeSubscriber',
    method: 'post',
    path: '/webhooks/:subscriber/resume',
    summary: 'Resume a paused or disabled subscriber',
    tag: 'webhooks',
    body: EmptyBody,
    bodyOptional: true,
    bodyExample: {},
    answers: {
      200: {
        description: 'It is active; what waited for it is sent now',
        schema: Subscriber,
        example: subscriberExample,
      },
    },
    problems: ['forbidden', 'not-found', 'subscriber-state'],
  },
  (c) => {
    const subscriber = findSubscriber(c)
    return transact(c, async (tx) => {
      if (!(await resume(tx, subscriber.name, c.get('actor').userId)))
        throw problem('subscriber-state', { detail: 'The subscriber is active.', state: 'active' })
      return { status: 200, body: viewSubscriber(subscriber, undefined) }
    })
  },
)
