import { blockPublished } from '@keepr/db/artifacts/block-published'
import { noteRecheck } from '@keepr/db/artifacts/note-recheck'
import { appendEvents, type NewEvent } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import { countRecheckOutcome } from '@keepr/db/rechecks/count-recheck-outcome'
import { deleteGrace } from '@keepr/db/rechecks/delete-grace'
import { insertGrace } from '@keepr/db/rechecks/insert-grace'
import type { Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { insertTry } from '@keepr/db/validation-runs/insert-try'
import { settleRun } from '@keepr/db/validation-runs/settle-run'
import { systemActor } from '@keepr/shared/domain/actor'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { VerdictRecord } from './record-verdict.ts'
import { toldFindings } from './told-findings.ts'

export type RecheckPolicy = Pick<TypeConfig, 'on_recheck_failure' | 'grace'>

/**
 * Ends the re-validation of a published artifact. Only a failed verdict has an effect, and only on an artifact that is
 * still published with the content that was judged; no verdict (expired) never has one, nor has a simulation.
 */
export async function recordRecheck(
  tx: Tx,
  run: OpenRun,
  { verdict, tried }: VerdictRecord,
  policy: RecheckPolicy | undefined,
): Promise<'settled' | 'stale'> {
  await lockName(tx, { group_id: run.group_id, type: run.artifact_type, name: run.name }, 0)
  const stored = await settleRun(tx, run, verdict)
  await finishRunMessages(tx, run.group_id, [run.id])
  if (tried) await insertTry(tx, run, tried)
  if (!stored) return 'stale'
  const outcome = verdict.state === 'expired' ? 'unavailable' : verdict.state === 'failed' ? 'failed' : 'passed'
  if (run.recheck_id !== null) await countRecheckOutcome(tx, run.recheck_id, outcome)
  if (run.simulate || outcome === 'unavailable') return 'settled'
  if (outcome === 'passed') {
    await noteRecheck(tx, run)
    await deleteGrace(tx, run.group_id, run.artifact_id)
    return 'settled'
  }
  const event = await actOnFailure(tx, run, policy ?? { on_recheck_failure: 'notify', grace: 0 })
  if (event === undefined) return 'settled'
  const locked = await lockName(tx, { group_id: run.group_id, type: run.artifact_type, name: run.name }, 1)
  const findings = toldFindings(verdict)
  await appendEvents(tx, { actor: systemActor('validation-worker') }, locked?.last_sequence ?? 0, [
    { ...event, event_data: { run_id: run.id, reason: 'recheck_failed', findings, ...event.event_data } },
  ])
  return 'settled'
}

async function actOnFailure(tx: Tx, run: OpenRun, policy: RecheckPolicy): Promise<NewEvent | undefined> {
  if (policy.on_recheck_failure === 'block') {
    await deleteGrace(tx, run.group_id, run.artifact_id) // of a failure before the type was configured so
    const blocked = await blockPublished(tx, run, 'recheck_failed')
    return blocked && { artifact: blocked, event_type: 'blocked' }
  }
  const artifact = await noteRecheck(tx, run)
  if (artifact === undefined) return undefined
  if (policy.on_recheck_failure === 'notify') return { artifact, event_type: 'recheck_failed' }
  const { blocks_at } = await insertGrace(tx, run, policy.grace)
  return { artifact, event_type: 'recheck_failed', event_data: { blocks_at } }
}
