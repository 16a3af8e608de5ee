import { SchemaMisfit } from '@keepr/db/require-schema'
import { isUnavailable } from '@keepr/db/unavailable'
import { Problem, problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { respond } from './respond.ts'

/** The only place that turns anything thrown into `application/problem+json`. */
export function answerError(error: unknown, c: Call): Response {
  const found = asProblem(error, c)
  const { retry_after_s } = found.extensions
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (retry_after_s !== undefined) headers['retry-after'] = String(retry_after_s)
  if (found.status === 503 && retry_after_s === undefined) headers['retry-after'] = '1'
  if (found.status === 401) headers['www-authenticate'] = challenge(c)
  Object.assign(headers, found.extensions['headers'])
  return respond(c, JSON.stringify(problemBody(found, c.get('requestId'))), found.status, headers)
}

/** The members of a problem's answer; header fields that a problem brings along stay out of it. */
export function problemBody(found: Problem, requestId: string): Record<string, unknown> {
  const { headers: _headers, ...members } = found.toBody(requestId)
  return members
}

function asProblem(error: unknown, c: Call): Problem {
  if (error instanceof Problem) {
    if (error.status >= 500) logError(c, error)
    return error
  }
  if (isBrokenOff(error, c)) return problem('malformed-request')
  logError(c, error)
  if (error instanceof SchemaMisfit)
    return problem('database-unavailable', { detail: 'Its schema does not fit this release.', retry_after_s: 1 })
  return isUnavailable(error) ? problem('database-unavailable', { retry_after_s: 1 }) : problem('internal-error')
}

/** The client went away, or was too slow, before its body was there: the code is that of a lost database, and nobody waits for an answer. */
const isBrokenOff = (error: unknown, c: Call): boolean => error !== null && error === c.env?.incoming?.errored

/** Who showed no bearer token is told of no error (RFC 6750, 3.1). */
const challenge = (c: Call): string =>
  /^Bearer /iu.test(c.req.header('authorization') ?? '')
    ? 'Bearer realm="keepr", error="invalid_token"'
    : 'Bearer realm="keepr"'

const logError = (c: Call, error: unknown) =>
  c.get('ctx').log.error({ err: error, request_id: c.get('requestId'), method: c.req.method }, 'request failed')
