import { PROBLEMS, type ProblemCode } from '@keepr/shared/problem'
import { expect } from 'vitest'
import { createApp } from '../../src/app.ts'
import { listen } from '../../src/listen.ts'
import { type Caller, startApi, type TestApi } from '../start-api.ts'
import { type RawAnswer, rawRequest } from './raw-request.ts'

export type Request = {
  method?: string
  path?: string
  /** In place of those that a well-behaved client sends; null leaves one out. */
  headers?: Record<string, string | null>
  body?: string | Buffer
  /** Sent as it is, in place of everything. {token} and {host} are filled in. */
  raw?: string | Buffer
}
/**
 * What is sent, and what must come of it; `row` is the number of its class of bad input. Not here: 1 and 2 (slow headers and
 * bodies), 50 and 52 (preconditions and keys are optional), 67 to 79, 82 and 83 (authenticate.test.ts), 86, 88, 89 and 91 to 93
 * (isolation.test.ts), 94 to 100 (addresses and secrets are the operator's, not a caller's: outbound.test.ts, config-files.test.ts).
 */
export type Row = { row: number; what: string; send: Request; status: number; code?: ProblemCode }

export type BadApi = AsyncDisposable & {
  api: TestApi
  alice: Caller
  token: string
  port: number
  send(request: Request): Promise<RawAnswer>
  /** Sends, and fails unless it is refused as promised: in time, as a problem, and without a trace in the database. */
  refuses(row: Row): Promise<RawAnswer>
}

const slowestMs = 5000 // a second is the promise, on a machine that does nothing else beside

/** The API behind a real socket, with a published artifact `greeting` and a draft `sketch` of the caller's group. */
export async function startBadApi(env: Record<string, string> = {}): Promise<BadApi> {
  const api = await startApi(env)
  const server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 })
  const token = await api.sign({ sub: 'alice', group_id: 'acme', roles: ['author'] })
  const alice = api.bearer(token)
  await alice.submit({ name: 'greeting', type: 'prompt', content: { text: 'hello' } })
  await api.settleAll()
  await alice.submit({ name: 'sketch', type: 'prompt', content: 'a draft', draft: true })
  const { port } = server
  const send = (request: Request) => rawRequest(port, render(request, { token, port }))
  return {
    api,
    alice,
    token,
    port,
    send,
    async refuses({ what, send: request, status, code }) {
      const before = await countRows(api)
      const answer = await send(request)
      expect([what, answer.status, answer.text.slice(0, 400)]).toEqual([what, status, expect.anything()])
      expect(answer.ms).toBeLessThan(slowestMs)
      if (status >= 400) expectProblem(answer, code)
      expect(await countRows(api)).toEqual(before)
      return answer
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      await api[Symbol.asyncDispose]()
    },
  }
}

function expectProblem({ status, headers, text }: RawAnswer, code: ProblemCode | undefined): void {
  expect(headers['content-type']).toBe('application/problem+json')
  const body: unknown = JSON.parse(text)
  expect(body).toMatchObject({
    type: expect.stringMatching(/^urn:keepr:problem:/u),
    title: expect.any(String),
    detail: expect.any(String),
    status,
    request_id: expect.stringMatching(/^[0-9a-f-]{36}$/u),
  })
  if (code) expect(body).toMatchObject({ type: `urn:keepr:problem:${code}`, status: PROBLEMS[code].status })
}

function render(
  { method = 'GET', path = '/artifacts', headers = {}, body, raw }: Request,
  { token, port }: { token: string; port: number },
) {
  const fill = (text: string) => text.replaceAll('{token}', token).replaceAll('{host}', `127.0.0.1:${port}`)
  if (raw !== undefined) return typeof raw === 'string' ? fill(raw) : raw
  const bytes = Buffer.from(body ?? '')
  const fields: Record<string, string | null> = {
    host: `127.0.0.1:${port}`,
    authorization: `Bearer ${token}`,
    connection: 'close',
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(bytes.byteLength) }),
    ...headers,
  }
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${fill(value)}`]))
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
}

/** Of every table of Keepr's own. */
async function countRows({ database }: TestApi): Promise<unknown> {
  const tables = await database.admin<{ name: string; rows: number }[]>`
    select relname as name,
           (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I', relname), false, true, '')))[1]::text::int as rows
      from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`
  return tables.map(({ name, rows }) => `${name} ${rows}`)
}
