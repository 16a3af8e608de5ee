import { parseAccept } from 'hono/utils/accept'

/** How much an `Accept` wants a media type, from 0 to 1: what the most specific range says that it fits (RFC 9110, 12.5.1). */
export function acceptedWeight(accept: string, type: string): number {
  const weights = new Map(parseAccept(accept).map((range) => [range.type.toLowerCase(), range.q]))
  const [kind] = type.split('/', 1)
  return weights.get(type) ?? weights.get(`${kind}/*`) ?? weights.get('*/*') ?? 0
}
