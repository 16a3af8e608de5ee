import type { History } from './history.ts'
import type { Finding } from './invariants/invariant.ts'

type Told = {
  title: string
  history: History
  struck: ReadonlyMap<string, number>
  findings: readonly Finding[]
  resources: string[]
  settledMs: number
}

const SHOWN = 5

/** The table that a run ends with. */
export function report({ title, history, struck, findings, resources, settledMs }: Told): string {
  const total = (key: 'ok' | 'refused' | 'unknown') =>
    [...history.operations.values()].reduce((sum, one) => sum + one[key], 0)
  return [
    '',
    title,
    '',
    `${'operation'.padEnd(32)}${['ok', 'refused', 'unknown'].map((word) => word.padStart(8)).join('')}`,
    ...sorted(history.operations).map(([name, { ok, refused, unknown }]) => line(name, [ok, refused, unknown])),
    line('in all', [total('ok'), total('refused'), total('unknown')]),
    `answers: ${sorted(history.statuses)
      .map(([status, count]) => `${status} × ${count}`)
      .join(', ')}`,
    `slowest answer ${history.slowestMs} ms; ${history.replayed} writes answered again under their key; ${history.acked.length} versions accepted; ${history.served.length} reads of published content`,
    '',
    `faults: ${[...struck.values()].reduce((sum, count) => sum + count, 0)}`,
    ...sorted(struck).map(([name, count]) => line(name, [count])),
    '',
    ...resources,
    `settled ${(settledMs / 1000).toFixed(1)} s after the last fault`,
    '',
    'invariant                                                                  looked at   broken',
    ...findings.flatMap(({ promise, looked, broken }) => [
      `${broken.length === 0 ? '✓' : '✗'} ${promise.padEnd(72)} ${String(looked).padStart(9)} ${String(broken.length).padStart(8)}`,
      ...broken.slice(0, SHOWN).map((breach) => `    ${breach}`),
      ...(broken.length > SHOWN ? [`    … and ${broken.length - SHOWN} more`] : []),
    ]),
  ].join('\n')
}

const line = (name: string, counts: number[]) =>
  name.padEnd(32) + counts.map((count) => String(count).padStart(8)).join('')

const sorted = <T>(counts: ReadonlyMap<string, T>) => [...counts].sort(([one], [other]) => one.localeCompare(other))
