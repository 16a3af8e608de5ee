import type { Tx } from '../transaction.ts'

type Question = {
  group_id: string
  type: string
  name: string
  content_hash: string
  restricted: boolean
  /** The artifact that asks, once it stands there itself. */
  id?: string
}

/**
 * An artifact of the group with the same content, the same name first. A restricted one is named only by another
 * restricted one: its id would tell those who may not see it.
 */
export async function findDuplicate(tx: Tx, asked: Question): Promise<string | undefined> {
  const [row] = await tx<{ id: string }[]>`
    select id from artifact_active
     where group_id = ${asked.group_id} and content_hash = ${asked.content_hash}
       and (usage_policy <> 'restricted' or ${asked.restricted})
       and id is distinct from ${asked.id ?? null}::uuid
     order by (name = ${asked.name} and type = ${asked.type}) desc, created_at
     limit 1`
  return row?.id
}
