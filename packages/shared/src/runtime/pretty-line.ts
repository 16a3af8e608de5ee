import { styleText } from 'node:util'

const COLOURS = { trace: 'gray', debug: 'gray', info: 'green', warn: 'yellow', error: 'red', fatal: 'magenta' } as const

/**
 * A JSON log line as people read it: time, level, service, message, then the other fields; an error's stack below. In colours where
 * standard output shows them, or FORCE_COLOR says so.
 */
export function prettyLine(line: string): string {
  const entry: unknown = parsed(line)
  if (typeof entry !== 'object' || entry === null) return line
  const { time, level, service, pid: _, msg, err, ...fields }: Record<string, unknown> = { ...entry }
  const clock = text(time).slice(11, 23)
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${text(value)}`)
  const head = `${clock} ${coloured(text(level))} ${text(service)}: ${text(msg)}${rest.join('')}\n`
  return err === undefined ? head : `${head}${indented(stackOf(err))}\n`
}

const coloured = (level: string): string => {
  const padded = level.toUpperCase().padEnd(5)
  return isKnown(level) ? styleText(COLOURS[level], padded) : padded
}

const isKnown = (level: string): level is keyof typeof COLOURS => Object.hasOwn(COLOURS, level)

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // not a log line: shown as it is
  }
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)

const stackOf = (err: unknown): string => {
  if (typeof err !== 'object' || err === null) return text(err)
  return 'stack' in err && typeof err.stack === 'string' ? err.stack : text(err)
}

const indented = (lines: string): string => lines.replaceAll(/^/gm, '    ')
