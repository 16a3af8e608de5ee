import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { timesGiven } from './raw-fields.ts'

/** Fields that say one thing: given twice, this server and a proxy before it may each believe another. */
const single = ['host', 'content-type', 'content-encoding', 'idempotency-key']
const longestUrl = 8192

/** Refuses a request that could be understood in two ways, or whose address is too long to be one of ours. */
export function refuseAmbiguous(c: Call): void {
  if ((c.env?.incoming?.url?.length ?? 0) > longestUrl) throw problem('uri-too-long')
  const twice = single.find((name) => timesGiven(c, name) > 1)
  if (twice !== undefined)
    throw problem('malformed-request', { detail: `The header field ${twice} is given several times.` })
}
