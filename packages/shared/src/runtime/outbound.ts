import { lookup } from 'node:dns'
import { type Agent, request } from 'undici'
import { addressPolicy } from './outbound/address-policy.ts'
import { AddressRefused, guardedAgent, type Lookup } from './outbound/guarded-agent.ts'
import { failSpan, inSpan, traceparentHere } from './tracing.ts'

export type { Lookup } from './outbound/guarded-agent.ts'

type OutboundReason =
  | 'url_not_allowed'
  | 'address_not_allowed'
  | 'timeout'
  | 'aborted'
  | 'connection_failed'
  | 'response_too_large'
  | 'response_encoded'

/** A call that brought no answer that can be used. The message names no URL: its path and query may hold secrets. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly reason: OutboundReason

  constructor(reason: OutboundReason, message: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

export type OutboundRequest = {
  method: 'GET' | 'POST' | 'PUT'
  url: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** For the whole call: connecting, waiting, and reading the answer to its end. */
  deadlineMs: number
  maxResponseBytes: number
  /** A longer answer is an error, and so is an encoded one, unless its beginning is enough. */
  onTooLarge?: 'refuse' | 'truncate'
  /** Addresses that this target may have besides those of the settings. */
  allowAddresses?: readonly string[]
  signal?: AbortSignal
}

export type OutboundAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

export type Outbound = AsyncDisposable & {
  /** Makes one call. Any status is an answer, also a redirect, which is never followed. */
  call(request: OutboundRequest): Promise<OutboundAnswer>
  close(): Promise<void>
}

type OutboundSettings = { outboundAllowAddresses: readonly string[]; outboundAllowHttp: boolean }

/**
 * Calls others over HTTP, with the suspicion that they deserve. `undici.request` and not `fetch`: that follows
 * redirects, and decompresses without bound.
 */
export function createOutbound(settings: OutboundSettings, resolve: Lookup = lookup): Outbound {
  const agents = new Map<string, Agent>()
  const agentFor = (more: readonly string[]) => {
    const allowed = [...settings.outboundAllowAddresses, ...more]
    const key = allowed.join()
    const agent = agents.get(key) ?? guardedAgent(addressPolicy(allowed), settings.outboundAllowHttp, resolve)
    agents.set(key, agent)
    return agent
  }
  const close = async () => {
    await Promise.all([...agents.values()].map((agent) => agent.destroy()))
  }

  async function callOnce(wanted: OutboundRequest): Promise<OutboundAnswer> {
    const url = checkedUrl(wanted.url)
    const deadline = AbortSignal.timeout(wanted.deadlineMs)
    const signal = wanted.signal === undefined ? deadline : AbortSignal.any([deadline, wanted.signal])
    try {
      const answer = await request(url, {
        method: wanted.method,
        headers: { ...traceHeaders(), ...wanted.headers, 'accept-encoding': 'identity' },
        body: wanted.body ?? null,
        dispatcher: agentFor(wanted.allowAddresses ?? []),
        headersTimeout: wanted.deadlineMs,
        bodyTimeout: wanted.deadlineMs,
        signal,
      })
      // Whoever stops reading early destroys the body; its late error must have a listener.
      answer.body.on('error', () => {})
      const encoding = answer.headers['content-encoding'] ?? 'identity'
      if (encoding !== 'identity') {
        answer.body.destroy()
        if (wanted.onTooLarge === 'truncate')
          return { status: answer.statusCode, headers: answer.headers, body: Buffer.alloc(0) }
        throw new OutboundError('response_encoded', 'the answer has a content encoding, although none was accepted')
      }
      return { status: answer.statusCode, headers: answer.headers, body: await read(answer.body, wanted) }
    } catch (error) {
      throw outboundError(error, deadline, wanted)
    }
  }

  return {
    // Neither host nor path of the URL is told: they may hold secrets.
    call: (wanted) =>
      inSpan(wanted.method, { kind: 'client', attributes: { 'http.request.method': wanted.method } }, async (span) => {
        const answer = await callOnce(wanted)
        span.setAttribute('http.response.status_code', answer.status)
        if (answer.status >= 400) failSpan(span, String(answer.status))
        return answer
      }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Nothing while tracing is off. */
const traceHeaders = (): Record<string, string> => {
  const traceparent = traceparentHere()
  return traceparent === undefined ? {} : { traceparent }
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new OutboundError('url_not_allowed', 'the URL is not one of http or https')
  if (url.username !== '' || url.password !== '')
    throw new OutboundError('url_not_allowed', 'the URL holds credentials; use a header')
  return url
}

async function read(body: AsyncIterable<Buffer>, { maxResponseBytes, onTooLarge }: OutboundRequest): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop early destroys the body, and with it the connection.
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size <= maxResponseBytes) continue
    if (onTooLarge === 'truncate') break
    throw new OutboundError('response_too_large', `the answer is longer than ${maxResponseBytes} bytes`)
  }
  return Buffer.concat(chunks).subarray(0, maxResponseBytes)
}

function outboundError(error: unknown, deadline: AbortSignal, { deadlineMs, signal }: OutboundRequest): OutboundError {
  if (error instanceof OutboundError) return error
  if (signal?.aborted === true) return new OutboundError('aborted', 'the call was stopped', error)
  if (deadline.aborted) return new OutboundError('timeout', `there was no whole answer within ${deadlineMs} ms`, error)
  const refused = chainOf(error).find((cause) => cause instanceof AddressRefused)
  if (refused !== undefined) return new OutboundError('address_not_allowed', refused.message, error)
  const code = chainOf(error)
    .map(codeOf)
    .find((found) => found !== undefined)
  const late = code !== undefined && /TIMEOUT|ETIMEDOUT/.test(code)
  return new OutboundError(
    late ? 'timeout' : 'connection_failed',
    `the call failed: ${code ?? 'connection error'}`,
    error,
  )
}

const chainOf = (error: unknown): Error[] =>
  error instanceof Error
    ? [error, ...chainOf(error.cause), ...(error instanceof AggregateError ? error.errors.flatMap(chainOf) : [])]
    : []

const codeOf = (error: Error) => ('code' in error && typeof error.code === 'string' ? error.code : undefined)
