import { gathered } from '@keepr/db/gathered'
import { isPublishedTogether } from '@keepr/shared/schemas/type-config'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { publishUnvalidated } from '../commands/publish-unvalidated.ts'
import type { Context } from '../context.ts'
import { observeRun } from './tell-outcome.ts'

/** Of those that wait besides. */
export const MOST_AT_ONCE = 100

type Waiting = { group_id: string; type: string; runId: string }

/**
 * Publishes what no validator has to judge, the runs of a group and type together.
 * @returns how many were settled with the run, itself included; 0 if it was not, and needs a look of its own
 */
export const publishWaiting = (ctx: Context) => {
  const publish = gathered<Waiting, number>(
    ({ group_id, type }) => JSON.stringify([group_id, type]),
    (_key, waiting) => publishMany(ctx, waiting),
  )
  return async ({ group_id, lane }: Pick<QueueMessage, 'group_id' | 'lane'>, runId: string): Promise<number> =>
    lane !== undefined && needsNoLook(ctx, lane) ? await publish({ group_id, type: lane, runId }) : 0
}

function needsNoLook(ctx: Context, lane: string): boolean {
  const type = ctx.types().get(lane)
  return type !== undefined && isPublishedTogether(type)
}

async function publishMany(ctx: Context, waiting: readonly Waiting[]): Promise<number[]> {
  const settled = await settleMany(ctx, waiting)
  return waiting.map(({ runId }) => (settled.has(runId) ? settled.size : 0))
}

/** Of one group and type. @returns the runs that were settled, others that went along included */
async function settleMany(ctx: Context, waiting: readonly Waiting[]): Promise<ReadonlySet<string>> {
  const [first] = waiting
  // The batch before took its time: what is configured now holds, if it is stricter.
  if (!first || !needsNoLook(ctx, first.type)) return new Set()
  const { group_id, type } = first
  const runIds = waiting.map(({ runId }) => runId)
  const settled = await ctx.db
    .withService(group_id, (tx, commit) =>
      publishUnvalidated(tx, { group_id, type, runIds, limit: MOST_AT_ONCE }, commit),
    )
    .catch((error: unknown) => {
      ctx.log.warn({ err: error, artifact_type: type }, 'runs could not be published together; each is looked at alone')
      return []
    })
  if (settled.length === 0) return new Set()
  ctx.metrics.outcomes.inc({ type, outcome: 'not_required' }, settled.length)
  for (const run of settled) {
    observeRun(ctx, { ...run, artifact_type: type }, 'not_required')
    const line = { run_id: run.id, artifact_id: run.artifact_id, artifact_type: type, attempt: run.attempts }
    ctx.log.info({ ...line, outcome: 'not_required', effect: 'settled' }, 'published without a validator')
  }
  ctx.relay.judged()
  return new Set(settled.map(({ id }) => id))
}
