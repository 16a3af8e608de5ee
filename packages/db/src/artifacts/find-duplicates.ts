import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

type Coordinates = { group_id: string; type: string }
type Question = {
  name: string
  content_hash: string
  /** The artifact that asks, once it stands there itself. */
  id?: string
}

/** Of those that have the same content: a group may have thousands, of a template for one. */
const LOOKED_AT = 100

/**
 * For each name that asks, an artifact of the group with the same content that the actor may see: rather one that is not
 * restricted, which others may see as well, and rather one of the same name; none where there is none.
 */
export async function findDuplicates(
  tx: Tx,
  { group_id, type }: Coordinates,
  questions: readonly Question[],
): Promise<{ name: string; id: string }[]> {
  return await tx<{ name: string; id: string }[]>`
    select asked.name, same.id
      from jsonb_to_recordset(${tx.json([...questions])}) as asked (name text, content_hash text, id uuid)
     cross join lateral (${sameContent(tx, { group_id: tx`(select ${group_id}::text)`, type: tx`${type}` })}) same`
}

type Fragment = postgres.PendingQuery<postgres.Row[]>

/** The same for the row `asked` of a statement. */
export const sameContent = (tx: Tx, { group_id, type }: Record<keyof Coordinates, Fragment>) => tx`
  select a.id from (
    select id, type, name, usage_policy, created_at from artifact_active
     where group_id = ${group_id} and content_hash = asked.content_hash and id is distinct from asked.id
     limit ${LOOKED_AT}) a
   order by a.usage_policy = 'restricted', (a.name = asked.name and a.type = ${type}) desc, a.created_at
   limit 1`
