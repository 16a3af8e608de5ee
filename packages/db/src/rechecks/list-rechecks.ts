import type { RecheckRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { recheckColumns } from './columns.ts'

/** The place of a row: whether it is done, when it was begun, its id. */
export type RecheckPlace = readonly [isDone: boolean, createdAt: string, id: string]

/** Re-validations under way, then those that are done, newest first each: one that ends between two pages may be in both. */
export async function listRechecks(
  tx: Tx,
  { limit, after }: { limit: number; after: RecheckPlace | undefined },
): Promise<RecheckRow[]> {
  const [isDone = false, at = '', id = ''] = after ?? []
  return await tx<RecheckRow[]>`
    select ${recheckColumns(tx)}
      from rechecks
     where true
           ${
             after === undefined
               ? tx``
               : tx`
           and ((state = 'done') > ${isDone}::boolean
                or (state = 'done') = ${isDone}::boolean
                   and (created_at, id) < (${at}::text::timestamptz, ${id}::text::uuid))`
           }
     order by state = 'done', created_at desc, id desc
     limit ${limit}`
}
