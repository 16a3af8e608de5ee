import type { Line } from './line.ts'
import type { Machine } from './machine.ts'

/** A whole run, as `--json` writes it and `--compare` reads it. */
export type Report = {
  made_at: string
  queue: 'redis' | 'postgres'
  machine: Machine
  lines: {
    id: string
    what: string
    unit: string
    floor: number | null
    keepr: number
    ratio: number | null
    goal: string | null
    met: boolean
    /** By part, in milliseconds for one answer. */
    cpu_ms: { keepr: Record<string, number>; floor: Record<string, number> } | null
  }[]
}

/** Stored names are snake_case; what is not there is null. */
export const reportLine = ({ id, what, unit, floor, keepr, ratio, goal, met, cpu }: Line): Report['lines'][number] => ({
  id,
  what,
  unit,
  floor: floor ?? null,
  keepr,
  ratio: ratio ?? null,
  goal: goal === undefined ? null : JSON.stringify(goal),
  met,
  cpu_ms: cpu ?? null,
})
