import type { Tx } from '../transaction.ts'

type Name = { group_id: string; type: string; name: string }

/** The highest integer, or the highest release, that a name and type ever used in any state. */
export async function highestVersion(tx: Tx, { group_id, type, name }: Name): Promise<string | undefined> {
  const [row] = await tx<{ version: string }[]>`
    select version from artifact_versions
     where group_id = ${group_id} and type = ${type} and name = ${name} and not is_prerelease
     order by version_sort desc
     limit 1`
  return row?.version
}
