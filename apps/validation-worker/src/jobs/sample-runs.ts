import { countHeldRuns } from '@keepr/db/validation-runs/count-held-runs'
import { countOpenRuns } from '@keepr/db/validation-runs/count-open-runs'
import type { Context } from '../context.ts'
import { OUTCOMES } from '../validation-metrics.ts'

const AGES = ['under_1m', 'under_10m', 'under_1h', 'over_1h'] as const
const BREAKER = { closed: 0, half_open: 0.5, open: 1 } as const

/** Measures what waits for a verdict or for a person, and the breakers of this process. */
export async function sampleRuns(ctx: Context): Promise<void> {
  const { pendingRuns, heldRuns, breakerOpen, outcomes, operatorMistakes, lateVerdicts, swept } = ctx.metrics
  for (const gauge of [pendingRuns, heldRuns, breakerOpen]) gauge.reset()
  for (const [type] of ctx.types()) {
    for (const outcome of OUTCOMES) outcomes.inc({ type, outcome }, 0)
    operatorMistakes.inc({ type }, 0)
    for (const verdict of ['passed', 'failed']) lateVerdicts.inc({ type, verdict }, 0)
  }
  for (const what of ['overdue', 'forgotten', 'grace']) swept.inc({ what }, 0)
  for (const { type, state } of ctx.validators.breakers()) breakerOpen.set({ type }, BREAKER[state])

  const { open, held } = await ctx.db.withService(null, async (tx) => ({
    open: await countOpenRuns(tx),
    held: await countHeldRuns(tx),
  }))
  // Types that are not configured any more may have runs too, and need somebody to look at them all the more.
  const types = new Set([...ctx.types().keys(), ...[...open, ...held].map(({ artifact_type }) => artifact_type)])
  for (const type of types) {
    for (const age of AGES)
      pendingRuns.set({ type, age }, open.find((row) => row.artifact_type === type && row.age === age)?.runs ?? 0)
    heldRuns.set({ type }, held.find((row) => row.artifact_type === type)?.runs ?? 0)
  }
}
