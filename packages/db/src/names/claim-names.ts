import type { NameRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type Claim = Pick<NameRow, 'name' | 'versioning'> & { events: number }

/**
 * Like lockName, for writes that may be the first of their names: they decide the versioning of a name that has no version, be it
 * new or left by a draft that was discarded; it then stays for ever. The names of one type are locked in their order, so that two
 * who claim several follow each other.
 */
export async function claimNames(
  tx: Tx,
  { group_id, type }: Pick<NameRow, 'group_id' | 'type'>,
  claims: readonly Claim[],
): Promise<NameRow[]> {
  return await tx<NameRow[]>`
    insert into artifact_names as n (group_id, type, name, versioning, last_sequence)
    select ${group_id}, ${type}, name, versioning, events
      from jsonb_to_recordset(${tx.json([...claims])}) as claimed (name text, versioning text, events bigint)
     order by name
    on conflict (group_id, type, name) do update
      set last_sequence = n.last_sequence + excluded.last_sequence,
          versioning = case when n.versioning <> excluded.versioning and not has_versions(n.group_id, n.type, n.name)
                            then excluded.versioning else n.versioning end
    returning group_id, type, name, versioning, last_sequence`
}
