import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { route } from '../../http/route.ts'

/** Alive: the process answers. It asks nobody else, so that a fault elsewhere restarts nothing here. */
export const getHealth = route(
  {
    operationId: 'getHealth',
    method: 'get',
    path: '/healthz',
    summary: 'Liveness',
    tag: 'system',
    open: true,
    answers: {
      200: { description: 'Alive', schema: v.object({ status: v.literal('ok') }), example: { status: 'ok' } },
    },
    problems: [],
  },
  (c) => send(c, { status: 200, body: { status: 'ok' } }),
)
