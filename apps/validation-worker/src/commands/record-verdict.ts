import { settleArtifact } from '@keepr/db/artifacts/settle-artifact'
import { appendEvents, type NewEvent } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { insertTry, type NewTry } from '@keepr/db/validation-runs/insert-try'
import { type RunVerdict, settleRun } from '@keepr/db/validation-runs/settle-run'
import { announceVerdict } from '@keepr/db/verdict-channel'
import { systemActor } from '@keepr/shared/domain/actor'
import { RETIRED_AT_ONCE, retireSuperseded } from './retire-superseded.ts'
import { toldFindings } from './told-findings.ts'

export type SubmissionVerdict = RunVerdict & { state: 'passed' | 'failed' | 'expired' | 'not_required' }
export type VerdictRecord = {
  verdict: SubmissionVerdict
  tried?: NewTry | undefined
  maxPublished?: number | undefined
}

const actor = systemActor('validation-worker')

/**
 * Ends a run with its one verdict: the run, the artifact, its event, retention and the message, all in this transaction,
 * and only if the artifact still waits for exactly this run. A job that runs twice changes nothing the second time.
 * @returns `retiring` where more versions may have to give way than one transaction moves (retireMore)
 */
export async function recordVerdict(
  tx: Tx,
  run: OpenRun,
  record: VerdictRecord,
): Promise<'settled' | 'retiring' | 'stale'> {
  const { verdict, tried } = record
  const name = { group_id: run.group_id, type: run.artifact_type, name: run.name }
  const published = verdict.state === 'passed' || verdict.state === 'not_required'
  const blockedReason = verdict.reason ?? 'validation_failed'
  const [locked, stored] = await Promise.all([lockName(tx, name, 1), settleRun(tx, run, verdict)])
  const settled = published ? { status: 'published' as const } : { status: 'blocked' as const, reason: blockedReason }
  const artifact = stored ? await settleArtifact(tx, run, settled) : undefined
  if (!artifact || !locked) {
    // Somebody else was first: the number taken for the event goes back, or the sequence would have a gap.
    await Promise.all([
      lockName(tx, name, -1),
      finishRunMessages(tx, run.group_id, [run.id]),
      ...(tried ? [insertTry(tx, run, tried)] : []),
    ])
    return 'stale'
  }
  const { maxPublished } = record
  const retired = published && maxPublished !== undefined ? await retireSuperseded(tx, artifact, maxPublished) : []
  const last = retired.length === 0 ? locked : await lockName(tx, name, retired.length)
  const events = [verdictEvent(artifact, run, verdict), ...retired]
  await Promise.all([
    appendEvents(tx, { actor, traceparent: run.traceparent ?? undefined }, last?.last_sequence ?? 0, events),
    finishRunMessages(tx, run.group_id, [run.id]),
    ...(tried ? [insertTry(tx, run, tried)] : []),
    ...(run.awaited ? [announceVerdict(tx, run.id)] : []),
  ])
  return retired.length === RETIRED_AT_ONCE ? 'retiring' : 'settled'
}

function verdictEvent(artifact: ArtifactRow, run: OpenRun, verdict: SubmissionVerdict): NewEvent {
  if (artifact.status === 'published')
    return { artifact, event_type: 'published', event_data: { run_id: run.id, verdict: verdict.state } }
  const findings = toldFindings(verdict)
  const reason = artifact.blocked_reason
  return { artifact, event_type: 'blocked', event_data: { run_id: run.id, verdict: verdict.state, reason, findings } }
}
