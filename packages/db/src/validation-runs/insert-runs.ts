import { randomUUIDv7 } from 'node:crypto'
import type { LeasedMessage, Timestamp, ValidationRunRow } from '../rows.ts'
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
 * Opens validation runs, each together with the message that brings it to the validation worker: it waits for its turn, or for a
 * worker that is at it and takes it over.
 * @returns them in any order
 */
export async function insertRuns(tx: Tx, runs: readonly NewRun[]): Promise<{ id: string; deadline: Timestamp }[]> {
  const rows = runs.map(({ awaited = false, simulate = false, ...run }) => ({
    ...run,
    awaited,
    simulate,
    message_id: randomUUIDv7(),
  }))
  return await tx<{ id: string; deadline: Timestamp }[]>`
    with given_runs as materialized (
      select *, null::float8 as lease_ms from jsonb_to_recordset(${tx.json(rows)}) as g (
        id uuid, group_id text, artifact_id uuid, artifact_type text, content_hash text, kind text, requires_validation boolean,
        "deadlineMs" bigint, awaited boolean, recheck_id uuid, simulate boolean, traceparent text, message_id uuid)
    ), ${openedRuns(tx)}
    select id, deadline from opened_runs`
}

/**
 * What opens the runs of `given_runs` in a statement: `opened_runs` and, with their messages, `announced_runs`. A message with
 * `lease_ms` is leased to whoever writes it, where nothing of its lane is in flight.
 */
export const openedRuns = (tx: Tx) => tx`
  announced_runs as (
    insert into outbox (id, kind, lane, group_id, refs, traceparent, leased_until)
    select message_id, 'validate_run', artifact_type, group_id, array[id], traceparent,
           case when lease_ms is not null and not exists (
                  select from outbox o
                   where o.kind = 'validate_run' and o.lane = artifact_type and o.leased_until is not null and o.quarantined_at is null)
                then clock_timestamp() + make_interval(secs => lease_ms / 1000) end
      from given_runs
    returning refs[1] as run_id, leased_until is not null as leased
  ), opened_runs as (
    insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, requires_validation,
                                 awaited, recheck_id, simulate, traceparent, deadline)
    select id, group_id, artifact_id, artifact_type, content_hash, kind, requires_validation, awaited, recheck_id, simulate,
           traceparent, now() + make_interval(secs => "deadlineMs" / 1000.0)
      from given_runs
    returning id, deadline
  )`

/** The message that brings a run to the validation worker, as it is handed to the queue. */
export const messageOf = (
  run: Pick<NewRun, 'id' | 'artifact_type' | 'group_id' | 'traceparent'> & { message_id: string },
): LeasedMessage => ({
  id: run.message_id,
  kind: 'validate_run',
  lane: run.artifact_type,
  group_id: run.group_id,
  refs: [run.id],
  generation: 0,
  traceparent: run.traceparent ?? null,
})
