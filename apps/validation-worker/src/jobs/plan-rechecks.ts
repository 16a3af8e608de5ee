import { countPublishedOfType } from '@keepr/db/rechecks/count-published-of-type'
import { insertRecheck } from '@keepr/db/rechecks/insert-recheck'
import { listPublishedOfType } from '@keepr/db/rechecks/list-published-of-type'
import { listRunningRechecks } from '@keepr/db/rechecks/list-running-rechecks'
import { updateRecheckState } from '@keepr/db/rechecks/update-recheck-state'
import type { RecheckRow } from '@keepr/db/rows'
import { systemActor } from '@keepr/shared/domain/actor'
import { beginRecheckRun } from '../commands/begin-recheck-run.ts'
import type { Context } from '../context.ts'

/** So many runs of one re-validation are open at once: submissions share the validator and must not wait for it. */
const MOST_OPEN_RUNS = 8

/**
 * Moves every re-validation of published content on: begins those whose time has come by the schedule of their type,
 * hands out runs while few are open, and ends those that are through. All that it knows stands in the database.
 */
export async function planRechecks(ctx: Context): Promise<void> {
  await beginScheduled(ctx)
  const running = await ctx.db.withService(null, (tx) => listRunningRechecks(tx))
  for (const recheck of running) await moveOn(ctx, recheck)
}

async function beginScheduled(ctx: Context) {
  for (const [artifact_type, { recheck_every: notWithinMs }] of ctx.types()) {
    if (notWithinMs === undefined) continue
    const requested_by = systemActor('validation-worker')
    const begun = await ctx.db.withService(null, (tx) =>
      insertRecheck(tx, { artifact_type, simulate: false, requested_by, notWithinMs }),
    )
    if (begun) ctx.log.info({ recheck_id: begun.id, artifact_type }, 'a scheduled re-validation has begun')
  }
}

async function moveOn(ctx: Context, recheck: RecheckRow & { open_runs: number }) {
  const { id, artifact_type: type } = recheck
  const limit = MOST_OPEN_RUNS - recheck.open_runs
  if (limit <= 0) return
  const next = await ctx.db.withService(null, async (tx) => {
    await countPublishedOfType(tx, id)
    // What was submitted since is judged already; where more comes than is judged again, there would be no end to it.
    return await listPublishedOfType(tx, { type, after: recheck.cursor, before: id, limit })
  })
  for (const artifact of next) {
    const config = ctx.types().get(type)
    const mine = await ctx.db.withService(artifact.group_id, (tx) => beginRecheckRun(tx, recheck, artifact, config))
    if (!mine) return
  }
  if (next.length > 0) return ctx.relay.nudge()
  if (recheck.open_runs > 0) return
  const done = await ctx.db.withService(null, (tx) => updateRecheckState(tx, id, 'done'))
  const { total, passed, failed, unavailable, skipped } = done ?? recheck
  ctx.log.info(
    { recheck_id: id, artifact_type: type, total, passed, failed, unavailable, skipped },
    'a re-validation is done',
  )
}
