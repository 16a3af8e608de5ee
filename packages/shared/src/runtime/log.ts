import { destination, pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger } from 'pino'
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
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause, error: stdSerializers.errWithCause },
    },
    { write },
  )
}
