import type { Call } from './api.ts'

/**
 * How often a header field stands in the request as it came: Node joins or drops what is given several times. None without
 * a server (a test calls the app).
 */
export function timesGiven(c: Call, name: string): number {
  const rawHeaders: string[] = c.env?.incoming?.rawHeaders ?? []
  let times = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] ?? ''
    if (given.length === name.length && given.toLowerCase() === name) times += 1
  }
  return times
}
