import { type Goal, isMet, type Line } from '../report/line.ts'
import type { Alternated } from './alternate.ts'

type Told = Pick<Line, 'id' | 'what' | 'unit' | 'note'>

/** A line whose goal is a ratio to its floor. */
export const ratioLine = (told: Told, measured: Alternated, goal: Goal): Line => ({
  ...told,
  ...measured,
  goal,
  met: isMet(measured.ratio, goal),
})

/** A line whose goal is a number of its own unit. */
export const plainLine = (told: Told, keepr: number, goal: Goal): Line => ({
  ...told,
  keepr,
  goal,
  met: isMet(keepr, goal),
})
