import { destination, pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger, LoggerOptions } from 'pino'
import { connectionFault } from './connection-fault.ts'
import { prettyLine } from './pretty-line.ts'
import type { Redactor } from './redactor.ts'
import { traceFields } from './tracing.ts'

/** Where a part of the product tells what happens: `log.info({ run_id }, 'the run was settled')`. */
export type Log = Logger

type LogOptions = {
  service: string
  level: string
  pretty: boolean
  redactor: Redactor
  /** Where lines go: standard output unless a test wants to read them. */
  to?: DestinationStream
}

/**
 * One JSON object per line on standard output. Each finished line is scrubbed, whatever field, depth or error text a
 * secret stands in: redaction by path would miss messages, stacks and fields nobody thought of.
 */
export function createLog({ service, level, pretty, redactor, to }: LogOptions): Log {
  const out = to ?? destination({ dest: 1, sync: true })
  const write = (line: string) => {
    const scrubbed = redactor.scrub(line)
    out.write(pretty ? prettyLine(scrubbed) : scrubbed)
  }
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      mixin: traceFields,
      timestamp: stdTimeFunctions.isoTime,
      hooks: { logMethod: foldOutages() },
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause, error: stdSerializers.errWithCause },
    },
    { write },
  )
}

/** A peer that is away is told of by whatever needs it, again and again: so long the same line is not repeated. */
const SAME_OUTAGE_MS = 30_000

/** Where the code noticed that a peer is away helps nobody: one line says why, once in a while, and for each request that failed of it. */
function foldOutages(): NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> {
  const toldAt = new Map<string, number>()
  return function logMethod(args, method) {
    const [fields, message = ''] = args as [unknown, string?]
    const reason =
      typeof fields === 'object' && fields !== null && 'err' in fields ? connectionFault(fields.err) : undefined
    if (reason === undefined) return method.apply(this, args)
    const { err: _err, ...rest }: { err?: unknown; request_id?: unknown } = { ...Object(fields) }
    const now = performance.now()
    if (rest.request_id === undefined && now - (toldAt.get(message) ?? Number.NEGATIVE_INFINITY) < SAME_OUTAGE_MS)
      return
    toldAt.set(message, now)
    method.call(this, { ...rest, reason }, message)
  }
}
