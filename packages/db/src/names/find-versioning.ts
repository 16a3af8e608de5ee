import type { NameRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import type { Name } from './lock-name.ts'

/** The kind of versions that a name has; undefined while it has none. */
export async function findVersioning(
  tx: Tx,
  { group_id, type, name }: Name,
): Promise<NameRow['versioning'] | undefined> {
  const [row] = await tx<Pick<NameRow, 'versioning'>[]>`
    select versioning from artifact_names
     where group_id = ${group_id} and type = ${type} and name = ${name} and has_versions(group_id, type, name)`
  return row?.versioning
}
