import type { NameRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import type { Name } from './lock-name.ts'

/** Like lockName, for the write that may be the name's first: its versioning is then decided for ever. */
export async function claimName(
  tx: Tx,
  { group_id, type, name }: Name,
  versioning: NameRow['versioning'],
  events: number,
): Promise<NameRow> {
  const [row] = await tx<[NameRow]>`
    insert into artifact_names as n (group_id, type, name, versioning, last_sequence)
    values (${group_id}, ${type}, ${name}, ${versioning}, ${events})
    on conflict (group_id, type, name) do update set last_sequence = n.last_sequence + ${events}
    returning group_id, type, name, versioning, last_sequence`
  return row
}
