import { randomUUIDv7 } from 'node:crypto'
import type { Timestamp, ValidationRunRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

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
 * Opens validation runs, each together with the message that brings it to the validation worker.
 * @returns their deadlines, in any order
 */
export async function insertRuns(tx: Tx, runs: readonly NewRun[]): Promise<{ id: string; deadline: Timestamp }[]> {
  const rows = runs.map(({ awaited = false, simulate = false, ...run }) => ({
    ...run,
    awaited,
    simulate,
    message_id: randomUUIDv7(),
  }))
  return await tx<{ id: string; deadline: Timestamp }[]>`
    with given as materialized (
      select * from jsonb_to_recordset(${tx.json(rows)}) as g (
        id uuid, group_id text, artifact_id uuid, artifact_type text, content_hash text, kind text, requires_validation boolean,
        "deadlineMs" bigint, awaited boolean, recheck_id uuid, simulate boolean, traceparent text, message_id uuid)
    ), announced as (
      insert into outbox (id, kind, lane, group_id, refs, traceparent)
      select message_id, 'validate_run', artifact_type, group_id, array[id], traceparent from given
    )
    insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, requires_validation,
                                 awaited, recheck_id, simulate, traceparent, deadline)
    select id, group_id, artifact_id, artifact_type, content_hash, kind, requires_validation, awaited, recheck_id, simulate,
           traceparent, now() + make_interval(secs => "deadlineMs" / 1000.0)
      from given
    returning id, deadline`
}
