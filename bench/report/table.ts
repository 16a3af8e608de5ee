import { goalText, type Line } from './line.ts'

const HEAD = ['', 'what', 'floor', 'keepr', 'unit', 'ratio', 'goal', 'CPU ms each: floor', 'keepr', 'note']

/** The lines as a table for people. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.goal === undefined ? ' ' : line.met ? '✓' : '✗',
    `${line.id}: ${line.what}`,
    line.floor === undefined ? '' : round(line.floor),
    round(line.keepr),
    line.unit,
    line.ratio === undefined ? '' : line.ratio.toFixed(2),
    line.goal === undefined ? '' : goalText(line.goal),
    line.cpu === undefined ? '' : sum(line.cpu.floor).toFixed(2),
    line.cpu === undefined ? '' : parts(line.cpu.keepr),
    line.note ?? '',
  ])
  const widths = HEAD.map((head, column) => Math.max(...[HEAD, ...rows].map((row) => (row[column] ?? head).length)))
  const numbers = new Set([2, 3, 5, 7])
  const print = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        numbers.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [print(HEAD), ...rows.map(print)].join('\n')
}

const sum = (parts: Record<string, number>): number => Object.values(parts).reduce((all, one) => all + one, 0)

/** The whole, and what makes up most of it. */
function parts(cpu: Record<string, number>): string {
  const whole = sum(cpu)
  const large = Object.entries(cpu).filter(([, each]) => each >= whole / 50)
  return `${whole.toFixed(2)} (${large.map(([name, each]) => `${name} ${each.toFixed(2)}`).join(', ')})`
}

const round = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
