import { problem } from '@keepr/shared/problem'
import { limitHeaders } from '../limit-headers.ts'
import type { Call } from './api.ts'
import { setHeader } from './respond.ts'

/** Counts the request for its group and user, and refuses one too many. */
export async function limitRate(c: Call): Promise<void> {
  const uses = await c.get('ctx').rateLimits.use(c.get('actor'))
  if (uses.length === 0) return
  const exceeded = uses.find(({ limited }) => limited)
  const headers = limitHeaders(uses.map((use) => ({ ...use, windowS: 60 })))
  if (exceeded) throw problem('rate-limited', { retry_after_s: Math.max(1, exceeded.resetS), headers })
  for (const [name, value] of Object.entries(headers)) setHeader(c, name, value)
}
