import { publishOfRuns } from '@keepr/db/artifacts/publish-of-runs'
import { appendEventsOfMany } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import type { Commit, Tx } from '@keepr/db/transaction'
import type { SettledRun } from '@keepr/db/validation-runs/settle-unvalidated-runs'
import type { TakenName } from '@keepr/db/validation-runs/take-runs'
import { announceVerdict } from '@keepr/db/verdict-channel'
import { systemActor } from '@keepr/shared/domain/actor'

type Taken = { group_id: string; type: string; names: readonly TakenName[]; commit: Commit }

const actor = systemActor('validation-worker')

/**
 * Publishes the artifacts of runs whose names are locked: `settle` stores their verdicts, and each artifact gets its event and
 * the end of its message, all in this transaction.
 * @returns the runs that were settled
 */
export async function publishTaken(
  tx: Tx,
  { group_id, type, names, commit }: Taken,
  settle: (runIds: readonly string[]) => Promise<SettledRun[]>,
): Promise<SettledRun[]> {
  const taken = names.flatMap(({ run_ids }) => run_ids)
  if (taken.length === 0) return []
  const [runs, artifacts] = await Promise.all([settle(taken), publishOfRuns(tx, group_id, taken)])
  const runOf = new Map(runs.map((run) => [run.id, run]))
  const published = new Map(artifacts.map((artifact) => [artifact.validation_run_id, artifact]))
  const changes = names.flatMap(({ last_sequence, run_ids }) => {
    const settled = run_ids.flatMap((id) => published.get(id) ?? [])
    const first = last_sequence - run_ids.length + 1
    return settled.map((artifact, index) => {
      const run = runOf.get(artifact.validation_run_id)
      const event_data = { run_id: artifact.validation_run_id, verdict: run?.state ?? null }
      return {
        cause: { actor, traceparent: run?.traceparent ?? undefined },
        lastSequence: first + index,
        events: [{ artifact, event_type: 'published' as const, event_data }],
      }
    })
  })
  // Somebody else was first: the numbers taken for such events go back, or the sequence would have a gap.
  const unused = names.map(({ name, run_ids }) => ({ name, count: run_ids.filter((id) => !published.has(id)).length }))
  const ids = runs.map(({ id }) => id)
  const followed = Promise.all([
    appendEventsOfMany(tx, changes),
    finishRunMessages(tx, group_id, ids),
    ...runs.filter(({ awaited }) => awaited).map(({ id }) => announceVerdict(tx, id)),
    ...unused.filter(({ count }) => count > 0).map(({ name, count }) => lockName(tx, { group_id, type, name }, -count)),
  ])
  commit()
  await followed
  return runs
}
