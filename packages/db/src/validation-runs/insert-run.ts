import type { Timestamp, ValidationRunRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { enqueueMessage } from '../outbox/enqueue-message.ts'

export type NewRun = Pick<
  ValidationRunRow,
  'id' | 'group_id' | 'artifact_id' | 'artifact_type' | 'content_hash' | 'kind' | 'requires_validation'
> & {
  deadlineMs: number
  awaited?: boolean
  recheck_id?: string
  simulate?: boolean
  traceparent?: string | undefined
}

/**
 * Opens a validation run together with the message that brings it to the validation worker.
 * @returns its deadline
 */
export async function insertRun(tx: Tx, run: NewRun): Promise<Timestamp> {
  const [[opened]] = await Promise.all([
    tx<[{ deadline: Timestamp }]>`
      insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, requires_validation,
                                   awaited, recheck_id, simulate, traceparent, deadline)
      values (${run.id}, ${run.group_id}, ${run.artifact_id}, ${run.artifact_type}, ${run.content_hash}, ${run.kind},
              ${run.requires_validation}, ${run.awaited ?? false}, ${run.recheck_id ?? null}, ${run.simulate ?? false},
              ${run.traceparent ?? null}, now() + make_interval(secs => ${run.deadlineMs / 1000}))
      returning deadline`,
    enqueueMessage(tx, {
      kind: 'validate_run',
      lane: run.artifact_type,
      group_id: run.group_id,
      refs: [run.id],
      traceparent: run.traceparent,
    }),
  ])
  return opened.deadline
}
