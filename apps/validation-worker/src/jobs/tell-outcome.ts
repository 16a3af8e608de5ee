import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import type { Context } from '../context.ts'
import type { Outcome } from '../validator/outcome.ts'

type Judged = { run: OpenRun; durationMs: number }

/** One line and one count for each outcome. What only the operator can mend is an error of its own. */
export function tellOutcome(ctx: Context, { run, durationMs }: Judged, outcome: Outcome, followed: string) {
  const type = run.artifact_type
  ctx.metrics.outcomes.inc({ type, outcome: outcome.kind })
  const called = outcome.kind !== 'not_required' && outcome.kind !== 'postponed'
  if (called) ctx.metrics.callDuration.observe({ type }, durationMs / 1000)
  const isVerdict = outcome.kind === 'passed' || outcome.kind === 'failed' || outcome.kind === 'not_required'
  const cameLate = isVerdict && followed === 'stale'
  if (cameLate) ctx.metrics.lateVerdicts.inc({ type, verdict: outcome.kind })
  else if (isVerdict) observeRun(ctx, run, outcome.kind)
  const reason = 'reason' in outcome ? outcome.reason : undefined
  const line = {
    run_id: run.id,
    artifact_id: run.artifact_id,
    artifact_type: type,
    attempt: run.attempts + (called && run.poll_url === null ? 1 : 0),
    outcome: outcome.kind,
    reason,
    duration_ms: Math.round(durationMs),
    effect: followed,
  }
  if (outcome.kind === 'error' && outcome.mistake) {
    ctx.metrics.operatorMistakes.inc({ type })
    ctx.log.error(line, 'a validation needs the operator: the configuration of the type or its validator is wrong')
  } else if (outcome.kind === 'error') ctx.log.warn(line, 'a validation was tried')
  else if (outcome.kind === 'postponed') ctx.log.debug(line, 'a validation was put off')
  else if (cameLate) ctx.log.warn(line, 'a verdict came too late: the run was ended in the meantime, nothing changed')
  else ctx.log.info(line, 'a validation was tried')
}

export const observeRun = (ctx: Context, run: Pick<OpenRun, 'artifact_type' | 'created_at'>, verdict: string): void =>
  ctx.metrics.runDuration.observe(
    { type: run.artifact_type, verdict },
    Math.max(ctx.now() - Date.parse(run.created_at), 0) / 1000,
  )
