import { keepLease } from '@keepr/db/outbox/keep-lease'
import type { JsonObject } from '@keepr/db/rows'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import type { NewTry } from '@keepr/db/validation-runs/insert-try'
import type { Finding } from '@keepr/shared/schemas/checkr'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { noteOnSpan, traceparentOf } from '@keepr/shared/runtime/tracing'
import { discardStaleRun } from '../commands/discard-stale-run.ts'
import { expireRun } from '../commands/expire-run.ts'
import { type NextTry, scheduleNextTry } from '../commands/schedule-next-try.ts'
import type { VerdictRecord } from '../commands/record-verdict.ts'
import { retireMore } from '../commands/retire-superseded.ts'
import { settleRunByKind } from '../commands/settle-run-by-kind.ts'
import type { Context } from '../context.ts'
import { createRunDesk, type RunDesk } from '../run-desk.ts'
import { unreachable } from '../unreachable.ts'
import { nextTryDelay } from '../validator/next-try.ts'
import type { Failure, Outcome, Verdict } from '../validator/outcome.ts'
import { publishWaiting } from './publish-waiting.ts'
import { observeRun, tellOutcome } from './tell-outcome.ts'

type Judged = { run: OpenRun; at: number; durationMs: number }

type Message = Pick<QueueMessage, 'group_id' | 'lane' | 'refs'>

export type Validation = {
  /** Its validator has answered with a verdict, and may be asked for the next one. */
  isJudged: boolean
  /** How many were published with it, without a validator. */
  published: number
  /** What followed, once it is stored. */
  followed: Promise<string>
}

/**
 * Brings one run a step further: to its verdict, or to its next try. Whoever runs it twice changes nothing twice.
 * It settles as soon as the call is over: storing what it brought need not keep the next one waiting.
 */
export const validateArtifact = (ctx: Context) => {
  const publish = publishWaiting(ctx)
  const desk = createRunDesk(ctx)
  const over = (followed: string, published = 0): Validation => ({
    isJudged: false,
    published,
    followed: Promise.resolve(followed),
  })

  async function followAndTell(judged: Judged, outcome: Outcome): Promise<string> {
    const followed = await follow(ctx, desk, judged, outcome)
    tellOutcome(ctx, judged, outcome, followed)
    ctx.recovery.note(judged.run.artifact_type, outcome)
    ctx.relay.judged()
    return followed
  }

  return async (message: Message, signal?: AbortSignal): Promise<Validation> => {
    const { group_id: groupId, lane, refs } = message
    const runId = refs[0]
    if (runId === undefined) throw new Error('a message to validate refers to no run')
    noteOnSpan({ 'keepr.run_id': runId, ...(lane === undefined ? {} : { 'keepr.artifact_type': lane }) })
    const published = await publish(message, runId)
    if (published > 0) return over('settled', published)
    const claimed = await desk.claim({ group_id: groupId, id: runId })
    if (claimed === undefined) {
      await ctx.db.withService(groupId, (tx) => discardStaleRun(tx, { id: runId, group_id: groupId }))
      return over('stale')
    }
    // What follows from the verdict goes on from here.
    const run = { ...claimed, traceparent: traceparentOf(claimed.traceparent) ?? null }
    const at = ctx.now()
    const since = performance.now()
    if (run.left_ms <= 0 && needsVerdict(ctx, run)) return over(await expire(ctx, { run, at, durationMs: 0 }))
    const outcome = await keepLease(ctx, { kind: 'validate_run', ref: run.id }, () => ctx.validators.judge(run, signal))
    noteOnSpan({ 'keepr.outcome': outcome.kind })
    // Its content has been sent: there is the next one's to hold in memory.
    const judged = { run: { ...run, content: null }, at, durationMs: performance.now() - since }
    return {
      isJudged: outcome.kind === 'passed' || outcome.kind === 'failed',
      published: 0,
      followed: followAndTell(judged, outcome),
    }
  }
}

function follow(ctx: Context, desk: RunDesk, judged: Judged, outcome: Outcome) {
  switch (outcome.kind) {
    case 'not_required':
    case 'passed':
    case 'failed':
      return settle(ctx, desk, judged, outcome)
    case 'pending': {
      const { run } = judged
      const change = {
        state: 'running' as const,
        reason: null,
        poll_url: outcome.pollUrl,
        pollFailures: 0,
        attempted: run.poll_url === null,
      }
      const tried = run.poll_url === null ? aTry(judged, 'pending', null) : undefined
      return schedule(ctx, judged, { change, delayMs: atMostLeft(judged, outcome.delayMs), tried })
    }
    case 'postponed': {
      const { run } = judged
      const { reason, poll_url, poll_failures: pollFailures } = run
      const change = { state: stateOf(run), reason, poll_url, pollFailures, attempted: false }
      return schedule(ctx, judged, { change, delayMs: atMostLeft(judged, outcome.delayMs) })
    }
    case 'error':
      return tryAgain(ctx, judged, outcome)
    default:
      return unreachable(outcome)
  }
}

async function settle(ctx: Context, desk: RunDesk, judged: Judged, outcome: Verdict | { kind: 'not_required' }) {
  const { run } = judged
  const type = ctx.types().get(run.artifact_type)
  if (outcome.kind === 'not_required') return settleAndRetire(ctx, run, { verdict: { state: 'not_required' } })
  const verdict = {
    state: outcome.kind,
    reason: outcome.kind === 'failed' ? 'validation_failed' : undefined,
    findings: outcome.findings.map(stored),
    report_url: outcome.reportUrl,
    attempted: run.poll_url === null,
  }
  const tried = aTry(judged, outcome.kind, null)
  // No version has to give way, and nothing else follows: published with others.
  const isPlain = outcome.kind === 'passed' && run.kind !== 'recheck' && type?.max_published === undefined
  if (isPlain && (await desk.publish({ run, verdict, tried }))) return 'settled'
  return settleAndRetire(ctx, run, { verdict, tried })
}

/** A worker that dies before all have given way leaves the others to the next publication. */
async function settleAndRetire(ctx: Context, run: OpenRun, record: VerdictRecord) {
  const type = ctx.types().get(run.artifact_type)
  const { group_id, artifact_type, artifact_id, name, version } = run
  const settled = await ctx.db.withService(group_id, (tx) => settleRunByKind(tx, run, record, type))
  const maxPublished = type?.max_published
  if (settled !== 'retiring' || maxPublished === undefined) return settled
  const publication = { id: artifact_id, group_id, type: artifact_type, name, version }
  let isMoreLeft = true
  while (isMoreLeft) isMoreLeft = await ctx.db.withService(group_id, (tx) => retireMore(tx, publication, maxPublished))
  return 'settled'
}

function tryAgain(ctx: Context, judged: Judged, failure: Failure) {
  const { run } = judged
  const validator = ctx.types().get(run.artifact_type)?.validator
  const isPoll = run.poll_url !== null
  const attempts = run.attempts + (isPoll ? 0 : 1)
  const tried = aTry(judged, 'error', failure.reason)
  const isSubmittedNext = !isPoll || failure.submitAnew === true
  if (isSubmittedNext && validator?.attempts !== undefined && attempts >= validator.attempts)
    return expire(ctx, judged, tried)
  const poll_url = isPoll && !failure.submitAnew ? run.poll_url : null
  const pollFailures = poll_url === null ? 0 : run.poll_failures + 1
  const failures = Math.max(poll_url === null ? attempts : pollFailures, 1)
  const delayMs = nextTryDelay({ failure, failures, validator }, leftMs(judged), ctx.random())
  const change = {
    state: 'error' as const,
    reason: failure.reason,
    poll_url,
    pollFailures,
    attempted: !isPoll,
    notBeforeMs: failure.retryAfterMs === undefined ? undefined : delayMs,
  }
  return schedule(ctx, judged, { change, delayMs, tried })
}

async function schedule(ctx: Context, { run }: Judged, next: NextTry) {
  const scheduled = await ctx.db.withService(run.group_id, (tx) => scheduleNextTry(tx, run, next))
  if (scheduled === 'scheduled') ctx.relay.nudgeIn(next.delayMs)
  return scheduled
}

async function expire(ctx: Context, { run }: Judged, tried?: NewTry) {
  const type = ctx.types().get(run.artifact_type)
  const settled = await ctx.db.withService(run.group_id, (tx) =>
    expireRun(tx, run, { type, ...(tried ? { tried } : {}) }),
  )
  ctx.relay.judged()
  if (settled === 'stale') return settled
  const outcome = run.kind !== 'recheck' && type?.validator?.on_unavailable === 'hold' ? 'held' : 'expired'
  ctx.metrics.outcomes.inc({ type: run.artifact_type, outcome })
  if (outcome === 'expired') observeRun(ctx, run, outcome)
  ctx.log.warn(
    {
      run_id: run.id,
      artifact_id: run.artifact_id,
      attempt: run.attempts + (tried && run.poll_url === null ? 1 : 0),
      outcome,
      reason: tried?.reason ?? run.reason,
    },
    'no verdict could be had in time',
  )
  return settled
}

/** Of one that was not called now: as what came before has left it. */
const stateOf = ({ poll_url, attempts }: OpenRun): NextTry['change']['state'] => {
  if (poll_url !== null) return 'running'
  return attempts > 0 ? 'error' : 'waiting'
}
const stored = ({ severity, code, message, path }: Finding): JsonObject =>
  path === undefined ? { severity, code, message } : { severity, code, message, path }
/** By the stricter of what it was made with and what is configured now; the deadline is a validator's. */
const needsVerdict = (ctx: Context, run: OpenRun) =>
  run.requires_validation || ctx.types().get(run.artifact_type)?.requires_validation !== false
const leftMs = ({ run, durationMs }: Judged) => Math.max(run.left_ms - durationMs, 0)
const atMostLeft = (judged: Judged, delayMs: number) => Math.min(delayMs, leftMs(judged))
const aTry = ({ at, durationMs }: Judged, outcome: NewTry['outcome'], reason: string | null): NewTry => ({
  at: new Date(at),
  durationMs,
  outcome,
  reason,
})
