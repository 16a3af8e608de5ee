/** One limit, as an answer tells of it. A limit of requests has a window; others are free again as soon as work ends. */
export type ToldLimit = {
  name: string
  limit: number
  remaining: number
  windowS?: number
  resetS?: number
  unit?: string
}

/** The header fields of draft-ietf-httpapi-ratelimit-headers: lists of named limits, with what is left of each. */
export const limitHeaders = (limits: readonly ToldLimit[]): Record<string, string> => ({
  'ratelimit-policy': limits
    .map(({ name, limit, windowS, unit }) => `"${name}";q=${limit}${parameter('w', windowS)}${parameter('qu', unit)}`)
    .join(', '),
  ratelimit: limits
    .map(({ name, remaining, resetS }) => `"${name}";r=${Math.max(0, remaining)}${parameter('t', resetS)}`)
    .join(', '),
})

const parameter = (name: string, value: number | string | undefined) =>
  value === undefined ? '' : `;${name}=${typeof value === 'string' ? `"${value}"` : value}`
