import type { Line } from '../report/line.ts'
import type { Bench } from '../stage/bench.ts'

/** One row of the table: it may come to several lines. */
export type Row = {
  /** As `--only` names it. */
  id: string
  about: string
  /** Runs only when asked for by name. */
  onDemand?: true
  run(bench: Bench): Promise<Line[]>
}
