import type { Call } from './api.ts'

const maxWaitS = 30

/** How long the caller would wait for the verdict (`Prefer: wait=10`, RFC 7240), in milliseconds; 0 when not asked. */
export function preferredWaitMs(c: Call): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/iu.exec(c.req.header('prefer') ?? '') ?? []
  return seconds === undefined ? 0 : Math.min(Number(seconds), maxWaitS) * 1000
}
