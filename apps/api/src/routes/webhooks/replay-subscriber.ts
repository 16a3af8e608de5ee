import { instantOf, Rfc3339 } from '@keepr/shared/schemas/rfc3339'
import { Integer } from '@keepr/shared/schemas/integer'
import * as v from 'valibot'
import { replayDeliveries } from '../../commands/replay-deliveries.ts'
import { findSubscriber } from '../../http/find-subscriber.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'

const LIMIT = 5000
const time = v.pipe(Rfc3339, v.metadata({ format: 'date-time' }))
/** What was given up or missed, unless a replay says otherwise. */
const statesOf = {
  failed: ['exhausted', 'missed'],
  exhausted: ['exhausted'],
  missed: ['missed'],
  delivered: ['delivered'],
  all: ['exhausted', 'missed', 'delivered'],
} as const
const Body = v.pipe(
  v.strictObject({
    since: v.pipe(
      v.optional(time),
      v.description('Only of events from then on; needed to send again what was delivered.'),
    ),
    until: v.pipe(v.optional(time), v.description('Only of events before.')),
    status: v.pipe(
      v.optional(
        v.picklist(
          ['failed', 'exhausted', 'missed', 'delivered', 'all'],
          'must be failed, exhausted, missed, delivered or all',
        ),
        'failed',
      ),
      v.description('Which deliveries; `failed` are the exhausted and the missed ones.'),
    ),
  }),
  v.forward(
    v.check(
      ({ since, status }) => since !== undefined || !['delivered', 'all'].includes(status),
      'is needed to send again what was delivered',
    ),
    ['since'],
  ),
  v.forward(
    v.check(
      ({ since, until }) => since === undefined || until === undefined || instantOf(since) < instantOf(until),
      'must be later than since',
    ),
    ['until'],
  ),
)

/** Sends a range of deliveries again, or all that failed, under the same ids. */
export const replaySubscriber = route(
  {
    operationId: 'replaySubscriber',
    method: 'post',
    path: '/webhooks/:subscriber/replay',
    summary: 'Send deliveries of a subscriber again',
    tag: 'webhooks',
    body: Body,
    bodyOptional: true,
    bodyExample: { since: '2026-11-23T00:00:00Z', until: '2026-11-24T00:00:00Z', status: 'failed' },
    answers: {
      202: {
        description: `They are sent again, the oldest ${LIMIT} of them. Ask again with \`next_since\` as \`since\` until it is null, also where none were.`,
        schema: v.object({ subscriber: v.string(), replayed: Integer, next_since: v.nullable(time) }),
        example: { subscriber: 'deployments', replayed: 12, next_since: null },
      },
    },
    problems: ['forbidden', 'not-found', 'validation-error', 'subscriber-state'],
  },
  (c, { body: { since, until, status } }) => {
    const { name } = findSubscriber(c)
    return transact(c, async (tx) => {
      const wanted = { subscriber: name, since, until, states: statesOf[status], limit: LIMIT }
      const answer = await replayDeliveries(tx, c.get('actor').userId, wanted)
      return { status: 202, body: { subscriber: name, ...answer } }
    })
  },
)
