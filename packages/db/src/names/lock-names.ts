import type { NameRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type LockedName = Pick<NameRow, 'type' | 'name' | 'last_sequence'>
export type WantedName = Pick<NameRow, 'type' | 'name'> & { events: number }

/**
 * Like lockName, for many names of a group in one statement; one that is named several times gets the numbers of all. They are
 * locked in their order, as elsewhere, so that no two wait for each other.
 */
export async function lockNames(tx: Tx, group_id: string, wanted: readonly WantedName[]): Promise<LockedName[]> {
  return await tx<LockedName[]>`
    with wanted as (
      select type, name, sum(events)::int as events
        from jsonb_to_recordset(${tx.json([...wanted])}) as w (type text, name text, events int)
       group by type, name
    ), locked as materialized (
      select n.type, n.name, wanted.events
        from artifact_names n join wanted on wanted.type = n.type and wanted.name = n.name
       where n.group_id = ${group_id}
       order by n.type, n.name for update of n
    )
    update artifact_names n
       set last_sequence = n.last_sequence + locked.events
      from locked
     where n.group_id = ${group_id} and n.type = locked.type and n.name = locked.name
    returning n.type, n.name, n.last_sequence`
}
