import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The types in which the group has a name with a version that the actor may see, as the ledger tells wherever its row lies. */
export const listVisibleTypes = (
  tx: Tx,
  { group_id, name, type }: { group_id: string; name: string; type?: string | undefined },
): postgres.PendingQuery<{ type: string }[]> => tx<{ type: string }[]>`
  select names.type from artifact_names names
   where names.group_id = ${group_id} and names.name = ${name} ${type === undefined ? tx`` : tx`and names.type = ${type}`}
     and exists (
       select from artifact_versions v
        where v.group_id = names.group_id and v.type = names.type and v.name = names.name
          and may_see(v.created_by, v.status, v.usage_policy))
   order by names.type`
