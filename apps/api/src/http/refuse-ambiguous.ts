import { problem } from '@keepr/shared/problem'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from './api.ts'

/** Fields that say one thing: given twice, this server and a proxy before it may each believe another. */
const single = new Set(['host', 'content-type', 'content-encoding', 'idempotency-key'])
const longestUrl = 8192

/** Refuses a request that could be understood in two ways, or whose address is too long to be one of ours. */
export const refuseAmbiguous = createMiddleware<ApiEnv>(async (c, next) => {
  // Absent when a test calls without a server.
  const rawHeaders: string[] = c.env?.incoming?.rawHeaders ?? []
  if ((c.env?.incoming?.url?.length ?? 0) > longestUrl) throw problem('uri-too-long')
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (single.has(name) && seen.has(name))
      throw problem('malformed-request', { detail: `The header field ${name} is given several times.` })
    seen.add(name)
  }
  await next()
})
