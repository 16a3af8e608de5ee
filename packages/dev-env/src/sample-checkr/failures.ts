import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** One way of failing: it answers instead of the check, wrongly or not at all. */
type Failure = (response: ServerResponse) => void | Promise<void>

const answer = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)

const PASS = '{"valid":true}'
const SLOW_BYTES_MS = 500
const HUGE_CHUNKS = 4096

/**
 * What `?mode=…` on a check's URL makes of it, to see how Keepr bears it: none of them may ever lead to a publication.
 * (`flapping` answers 503 twice of three times and checks on the third, `later` gives a true verdict: see server.ts.)
 */
export const FAILURES: Readonly<Record<string, Failure>> = {
  hang: () => {},
  reset: (response) => void response.socket?.resetAndDestroy(),
  drip: async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    for (let sent = 0; !response.destroyed; sent++) {
      response.write(PASS[sent] ?? ' ')
      await pause(SLOW_BYTES_MS)
    }
  },
  garbage: (response) => answer(response, 200, '<html>all is well</html>', { 'content-type': 'text/html' }),
  empty: (response) => answer(response, 200, ''),
  truthy: (response) => answer(response, 200, '{"valid":"true"}'),
  'wrong-hash': (response) => answer(response, 200, `{"valid":true,"content_hash":"${'0'.repeat(64)}"}`),
  huge: async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    await pipeline(blanks, response).catch(() => {}) // a reader that has enough goes away
  },
  redirect: (response) => answer(response, 302, '', { location: 'http://169.254.169.254/latest/meta-data' }),
  forbidden: (response) => answer(response, 403, '{}'),
  missing: (response) => answer(response, 404, '{}'),
  'busy-seconds': (response) => answer(response, 429, '{}', { 'retry-after': '2' }),
  'busy-date': (response) => answer(response, 429, '{}', { 'retry-after': new Date(Date.now() + 3000).toUTCString() }),
  'busy-nonsense': (response) => answer(response, 429, '{}', { 'retry-after': '-1e9 soon' }),
  broken: (response) => answer(response, 500, '{}'),
  'elsewhere-later': (response) =>
    answer(response, 202, '{}', { location: 'http://127.0.0.1:1/verdict', 'retry-after': '1' }),
}

function* blanks() {
  for (let sent = 0; sent < HUGE_CHUNKS; sent++) yield ' '.repeat(64 * 1024)
  yield PASS
}
