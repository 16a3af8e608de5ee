import type { NameRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type Name = { group_id: string; type: string; name: string }

/**
 * Locks a name until the transaction ends and takes the next `events` numbers of its sequence. The first statement of
 * every write to a name: two writers of one name follow each other, and the sequence has no gap, since a transaction
 * that rolls back gives its numbers back.
 * @returns the row, whose `last_sequence` is the last number taken; undefined when the group never used the name
 */
export async function lockName(tx: Tx, { group_id, type, name }: Name, events: number): Promise<NameRow | undefined> {
  const [row] = await tx<NameRow[]>`
    update artifact_names
       set last_sequence = last_sequence + ${events}
     where group_id = ${group_id} and type = ${type} and name = ${name}
    returning group_id, type, name, versioning, last_sequence`
  return row
}
