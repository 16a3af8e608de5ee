import { createMiddleware } from 'hono/factory'
import type { Context } from '../context.ts'
import type { ApiEnv } from './api.ts'
import { measure } from './measure.ts'
import { answerError } from './problems.ts'
import { refuseAmbiguous } from './refuse-ambiguous.ts'
import { giveRequestId } from './request-id.ts'
import { addFields } from './respond.ts'
import { traceRequest } from './trace-request.ts'

/** What surrounds every request: one middleware, as each of several would cost every read some promises more. */
export const surround = (ctx: Context) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    c.set('ctx', ctx)
    giveRequestId(c)
    const answer = async () => {
      try {
        refuseAmbiguous(c)
      } catch (error) {
        c.res = answerError(error, c)
        return
      }
      await next()
    }
    await traceRequest(c, () => measure(c, answer))
    addFields(c)
  })
