const COLOURS: Record<string, number> = { trace: 90, debug: 90, info: 32, warn: 33, error: 31, fatal: 35 }

/** A JSON log line as people read it: time, level, service, message, then the other fields; an error's stack below. */
export function prettyLine(line: string): string {
  const entry: unknown = parsed(line)
  if (typeof entry !== 'object' || entry === null) return line
  const { time, level, service, pid: _, msg, err, ...fields }: Record<string, unknown> = { ...entry }
  const clock = text(time).slice(11, 23)
  const name = text(level)
  const colour = COLOURS[name] ?? 0
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${text(value)}`)
  const head = `${clock} \u001b[${colour}m${name.toUpperCase().padEnd(5)}\u001b[0m ${text(service)}: ${text(msg)}${rest.join('')}\n`
  return err === undefined ? head : `${head}${indented(stackOf(err))}\n`
}

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
