import type { RecheckRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { recheckColumns } from './columns.ts'

/** The latest re-validations, newest first; those under way always. */
export async function listRechecks(tx: Tx, limit: number): Promise<RecheckRow[]> {
  return await tx<RecheckRow[]>`
    select ${recheckColumns(tx)}
      from rechecks order by state = 'done', created_at desc, id desc limit ${limit}`
}
