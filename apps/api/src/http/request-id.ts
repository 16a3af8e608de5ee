import { randomUUIDv7 } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from './api.ts'
import { setHeader } from './respond.ts'

/** Gives each request an id of our own making (a caller's could be forged into logs and events). */
export const requestId = createMiddleware<ApiEnv>(async (c, next) => {
  const id = randomUUIDv7()
  c.set('requestId', id)
  setHeader(c, 'x-request-id', id)
  await next()
})
