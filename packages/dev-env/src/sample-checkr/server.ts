import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { CheckrRequest } from '@keepr/shared/schemas/checkr'
import { CHECKS } from './checks.ts'
import { FAILURES } from './failures.ts'

export type SampleCheckr = AsyncDisposable & { port: number; stop(): Promise<void> }

type Options = {
  port: number
  /** The address to bind to; 127.0.0.1 unless told. */
  host?: string
  /** What `/python-lint` expects as bearer token. */
  token: string
  /** The mode of a call whose URL names none, to make it fail at times; see failures.ts. */
  mode?: () => string
}

type State = {
  later: Map<string, { verdict: object; readyAt: number }>
  /** Of `?mode=flapping`. */
  calls: number
}

const MAX_BODY_BYTES = 64 * 1024 * 1024

/**
 * A validator on Keepr's Checkr contract: `POST /python-lint` (with a bearer token) and `POST /sast-check` look for
 * forbidden patterns and for secrets, `POST /schema-lint` for broken JSON Schemas and for secrets. `?mode=later` answers 202 and gives the verdict a second later at `Location`;
 * `?mode=flapping` answers 503 twice of three times; the other modes fail as failures.ts tells.
 */
export async function startSampleCheckr({
  port,
  host = '127.0.0.1',
  token,
  mode = () => '',
}: Options): Promise<SampleCheckr> {
  const state: State = { later: new Map(), calls: 0 }
  const server = createServer((request, response) => {
    answer(request, response, { token, mode }, state).catch(() =>
      send(response, 400, { error: 'the request cannot be read' }),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port, stop, [Symbol.asyncDispose]: stop }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { token, mode: modeOf }: Required<Omit<Options, 'port' | 'host'>>,
  state: State,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://checkr')
  if (request.method === 'GET' && url.pathname.startsWith('/verdicts/')) {
    const waiting = state.later.get(url.pathname.slice('/verdicts/'.length))
    if (!waiting) return send(response, 404, { error: 'no such run' })
    if (Date.now() < waiting.readyAt) return send(response, 202, {}, { location: url.pathname, 'retry-after': '1' })
    return send(response, 200, waiting.verdict)
  }
  const check = Object.entries(CHECKS).find(([path]) => url.pathname === `/${path}`)?.[1]
  if (!check) return send(response, 404, { error: 'no such check' })
  if (request.method !== 'POST') return send(response, 405, { error: 'POST only' }, { allow: 'POST' })
  if (url.pathname === '/python-lint' && request.headers.authorization !== `Bearer ${token}`)
    return send(response, 401, { error: 'a bearer token is needed' })

  const mode = url.searchParams.get('mode') ?? modeOf()
  if (mode === 'flapping' && ++state.calls % 3 !== 0) return send(response, 503, { error: 'come back' })
  if (Object.hasOwn(FAILURES, mode)) return FAILURES[mode]?.(response)

  // SAFETY: a validator trusts its caller; anything unreadable ends in the catch above.
  const { run_id, artifact } = JSON.parse(await readBody(request)) as CheckrRequest
  const content =
    artifact.content ??
    (artifact.content_base64 === undefined ? '' : Buffer.from(artifact.content_base64, 'base64').toString('utf8'))
  const findings = check(content)
  const verdict = {
    valid: findings.every(({ severity }) => severity !== 'error'),
    findings,
    content_hash: artifact.content_hash,
  }
  if (mode !== 'later') return send(response, 200, verdict)
  state.later.set(run_id, { verdict, readyAt: Date.now() + 1000 })
  send(response, 202, {}, { location: `/verdicts/${run_id}`, 'retry-after': '1' })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    // SAFETY: no encoding is set, so chunks are buffers.
    chunks.push(chunk as Buffer)
    size += chunks.at(-1)?.length ?? 0
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large')
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
