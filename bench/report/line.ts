/** What a row of the table must reach: of its floor's rate, or in its own unit. */
export type Goal = { atLeast: number } | { atMost: number }

/** One measured line of the table. Ratios are the median over pairs of runs that followed each other. */
export type Line = {
  id: string
  what: string
  unit: string
  /** The median of the product's runs. */
  keepr: number
  /** The median of the floor's runs, where there is a floor. */
  floor?: number
  ratio?: number
  goal?: Goal
  met: boolean
  note?: string
  /** Milliseconds of CPU time for one answer. */
  cpu?: { keepr: Record<string, number>; floor: Record<string, number> } | undefined
}

export const isMet = (value: number, goal: Goal): boolean =>
  'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost

export const goalText = (goal: Goal): string => ('atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`)
