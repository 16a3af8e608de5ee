import { lookup } from 'node:dns'
import type { Agent } from 'undici'
import { HEADER_VALUE } from '../domain/header-value.ts'
import { addressPolicy } from './outbound/address-policy.ts'
import { AnswerRefused, type Answer, exchange } from './outbound/exchange.ts'
import { AddressRefused, guardedAgent, type Lookup } from './outbound/guarded-agent.ts'
import { sparingLookup } from './outbound/sparing-lookup.ts'
import { failSpan, inSpan, traceparentHere } from './tracing.ts'

export type { Lookup } from './outbound/guarded-agent.ts'

type OutboundReason =
  | 'url_not_allowed'
  | 'address_not_allowed'
  | 'header_not_allowed'
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

export type OutboundAnswer = Answer

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
  const sparing = sparingLookup(resolve)
  const agentFor = (more: readonly string[]) => {
    const allowed = [...settings.outboundAllowAddresses, ...more]
    const key = allowed.join()
    const agent = agents.get(key) ?? guardedAgent(addressPolicy(allowed), settings.outboundAllowHttp, sparing)
    agents.set(key, agent)
    return agent
  }
  const close = async () => {
    await Promise.all([...agents.values()].map((agent) => agent.destroy()))
  }

  async function callOnce(wanted: OutboundRequest): Promise<OutboundAnswer> {
    const { deadlineMs, signal } = wanted
    const { origin, pathname, search } = checkedUrl(wanted.url)
    checkHeaders(wanted.headers ?? {})
    if (signal?.aborted) throw stopped()
    const { answer, end } = exchange(
      agentFor(wanted.allowAddresses ?? []),
      {
        method: wanted.method,
        origin,
        path: pathname + search,
        headers: { ...traceHeaders(), ...wanted.headers, 'accept-encoding': 'identity' },
        body: wanted.body ?? null,
        headersTimeout: deadlineMs,
        bodyTimeout: deadlineMs,
      },
      { maxBytes: wanted.maxResponseBytes, beginningIsEnough: wanted.onTooLarge === 'truncate' },
    )
    const stop = () => end(stopped())
    const late = () => end(new OutboundError('timeout', `there was no whole answer within ${deadlineMs} ms`))
    // Not AbortSignal.timeout, which goes off, with an error, long after the call that it was made for.
    const timer = setTimeout(late, deadlineMs)
    signal?.addEventListener('abort', stop)
    try {
      return await answer
    } catch (error) {
      throw outboundError(error)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
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

/** Secrets are filled in by now: one with a line break at its end makes a header that cannot be sent. */
function checkHeaders(headers: Record<string, string>) {
  for (const [name, value] of Object.entries(headers))
    if (!HEADER_VALUE.test(value))
      throw new OutboundError(
        'header_not_allowed',
        `the value of ${name} has a line break or a character beyond Latin-1`,
      )
}

const stopped = () => new OutboundError('aborted', 'the call was stopped')

function outboundError(error: unknown): OutboundError {
  if (error instanceof OutboundError) return error
  if (error instanceof AnswerRefused) return new OutboundError(error.reason, error.message, error)
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
