import type { Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { LOOKED_AT, type Place, standing } from './list-idle-versions.ts'

/** The last version that a look goes through; undefined where the group has none beyond it. */
export async function findIdleReach(
  tx: Tx,
  asked: { group_id: string; type?: string | undefined; after?: Place | undefined },
): Promise<Place | undefined> {
  const [last] = await tx<{ created_at: Timestamp; id: string }[]>`
    select created_at, id ${standing(tx, asked)} offset ${LOOKED_AT - 1} limit 1`
  return last && [last.created_at, last.id]
}
