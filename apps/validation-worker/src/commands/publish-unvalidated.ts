import { publishUnvalidated as publish } from '@keepr/db/artifacts/publish-unvalidated'
import { appendEventsOfMany } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import type { Tx } from '@keepr/db/transaction'
import { settleUnvalidatedRuns, type SettledRun } from '@keepr/db/validation-runs/settle-unvalidated-runs'
import { takeUnvalidatedRuns } from '@keepr/db/validation-runs/take-unvalidated-runs'
import { announceVerdict } from '@keepr/db/verdict-channel'
import { systemActor } from '@keepr/shared/domain/actor'

type Waiting = { group_id: string; type: string; runIds: readonly string[]; limit: number }

const actor = systemActor('validation-worker')

/**
 * Publishes what no validator has to judge, many at once: the runs asked for and others of the group and type that wait,
 * each with its verdict, its event and the end of its message, all in this transaction.
 * @returns the runs that were settled; one that is missing needs a look of its own
 */
export async function publishUnvalidated(tx: Tx, waiting: Waiting): Promise<SettledRun[]> {
  const { group_id, type } = waiting
  const names = await takeUnvalidatedRuns(tx, waiting)
  const taken = names.flatMap(({ run_ids }) => run_ids)
  if (taken.length === 0) return []
  const [runs, artifacts] = await Promise.all([
    settleUnvalidatedRuns(tx, group_id, taken),
    publish(tx, group_id, taken),
  ])
  const runOf = new Map(runs.map((run) => [run.id, run]))
  const published = new Map(artifacts.map((artifact) => [artifact.validation_run_id, artifact]))
  const changes = names.flatMap(({ last_sequence, run_ids }) => {
    const settled = run_ids.flatMap((id) => published.get(id) ?? [])
    const first = last_sequence - run_ids.length + 1
    return settled.map((artifact, index) => ({
      cause: { actor, traceparent: runOf.get(artifact.validation_run_id ?? '')?.traceparent ?? undefined },
      lastSequence: first + index,
      events: [
        {
          artifact,
          event_type: 'published' as const,
          event_data: { run_id: artifact.validation_run_id, verdict: 'not_required' },
        },
      ],
    }))
  })
  // Somebody else was first: the numbers taken for such events go back, or the sequence would have a gap.
  const unused = names.map(({ name, run_ids }) => ({ name, count: run_ids.filter((id) => !published.has(id)).length }))
  await Promise.all([
    appendEventsOfMany(tx, changes),
    finishRunMessages(
      tx,
      group_id,
      runs.map(({ id }) => id),
    ),
    ...runs.filter(({ awaited }) => awaited).map(({ id }) => announceVerdict(tx, id)),
    ...unused.filter(({ count }) => count > 0).map(({ name, count }) => lockName(tx, { group_id, type, name }, -count)),
  ])
  return runs
}
