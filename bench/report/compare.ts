import { readFileSync } from 'node:fs'
import type { Line } from './line.ts'
import type { Report } from './report.ts'

/** How each line changed since an earlier report: by its ratio to the floor, where it has one, as machines differ. */
export function compare(lines: readonly Line[], file: string): string {
  // SAFETY: written by --json; a file of another kind shows itself as lines that are not found.
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as Report
  const changes = lines.map((line) => {
    const before = earlier.lines?.find(({ id }) => id === line.id)
    if (!before) return `  ${line.id}: new`
    const [was, is] =
      line.ratio !== undefined && before.ratio !== null ? [before.ratio, line.ratio] : [before.keepr, line.keepr]
    return `  ${line.id}: ${was.toFixed(2)} → ${is.toFixed(2)} (× ${(is / was).toFixed(2)})`
  })
  return [`Compared with ${earlier.made_at} (${earlier.machine.commit}, queue on ${earlier.queue}):`, ...changes].join(
    '\n',
  )
}
