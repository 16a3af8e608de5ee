import { randomUUIDv7 } from 'node:crypto'
import type { RecheckRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { recheckColumns } from './columns.ts'

export type NewRecheck = {
  artifact_type: string
  simulate: boolean
  requested_by: string
  /** For a schedule: only if the last one of the type began longer ago. */
  notWithinMs?: number
}

/** Begins to re-validate what is published of a type. @returns undefined when one is under way already (or was, lately) */
export async function insertRecheck(tx: Tx, recheck: NewRecheck): Promise<RecheckRow | undefined> {
  const since = recheck.notWithinMs === undefined ? null : recheck.notWithinMs / 1000
  const [inserted] = await tx<RecheckRow[]>`
    insert into rechecks (id, artifact_type, simulate, state, requested_by)
    select ${randomUUIDv7()}::uuid, ${recheck.artifact_type}, ${recheck.simulate}, 'running', ${recheck.requested_by}
     where not exists (
       select from rechecks
        where artifact_type = ${recheck.artifact_type} and not simulate
          and created_at > now() - make_interval(secs => ${since}::float8))
    on conflict (artifact_type) where state <> 'done' do nothing
    returning ${recheckColumns(tx)}`
  return inserted
}
