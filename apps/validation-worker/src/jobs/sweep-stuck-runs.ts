import { listGracesDue } from '@keepr/db/rechecks/list-graces-due'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import { listForgottenRuns } from '@keepr/db/validation-runs/list-forgotten-runs'
import { listOverdueRuns, type RunRef } from '@keepr/db/validation-runs/list-overdue-runs'
import { endGrace } from '../commands/end-grace.ts'
import type { Context } from '../context.ts'

const BATCH = 500

/**
 * Nothing waits unnoticed: a run past its deadline or without a message gets a message that is due now (the worker then
 * settles or expires it), and a grace that ran out is acted on. Any number of workers may sweep at once.
 */
export async function sweepStuckRuns(ctx: Context): Promise<void> {
  const [overdue, forgotten, graces] = await ctx.db.withService(null, (tx) =>
    Promise.all([listOverdueRuns(tx, BATCH), listForgottenRuns(tx, BATCH), listGracesDue(tx, BATCH)]),
  )
  for (const run of overdue) await wake(ctx, run, 'overdue')
  for (const run of forgotten) await wake(ctx, run, 'forgotten')
  for (const grace of graces) {
    const ended = await ctx.db.withService(grace.group_id, (tx) => endGrace(tx, grace))
    ctx.log.info({ artifact_id: grace.artifact_id, run_id: grace.run_id, effect: ended }, 'a grace has ended')
    ctx.metrics.swept.inc({ what: 'grace' })
  }
  ctx.relay.nudge()
}

async function wake(ctx: Context, run: RunRef, what: 'overdue' | 'forgotten') {
  ctx.metrics.swept.inc({ what })
  ctx.log.warn({ run_id: run.id, artifact_type: run.artifact_type, what }, 'a stuck run was found')
  await ctx.db.withService(run.group_id, (tx) =>
    rescheduleMessage(tx, {
      kind: 'validate_run',
      lane: run.artifact_type,
      group_id: run.group_id,
      refs: [run.id],
      delayMs: 0,
    }),
  )
}
