import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { systemActor } from '@keepr/shared/domain/actor'
import type postgres from 'postgres'
import type { Purgeable } from './list-purgeable.ts'

export type PurgeOrder = {
  /** Why, and who wanted it: told in the event of the purge. */
  reason: string | undefined
  by: string | undefined
  /** What stands in the place of kept answers that told of it, with the status 410. */
  keptAnswer: string
}
/** How many rows of each table lost something. */
export type Purged = Record<string, number>

const pollMs = 100
const patienceMs = 90_000 // longer than any statement of a service may take

/**
 * Purges one artifact, and then once more when every transaction of a service has ended that had begun before: what one of them
 * had read already (an answer that is kept, a delivery that is written) would else remain. Nobody else writes: a backup or a vacuum
 * may run for hours, and what runs in other databases of the server is none of ours.
 */
export async function purgeArtifact(
  sql: postgres.Sql,
  { group_id, id }: Pick<Purgeable, 'group_id' | 'id'>,
  { reason, by, keptAnswer }: PurgeOrder,
): Promise<Purged> {
  const purge = {
    event_id: randomUUIDv7(),
    message_id: randomUUIDv7(),
    actor: systemActor('maintenance'),
    event_data: { ...(reason === undefined ? {} : { reason }), ...(by === undefined ? {} : { by }) },
    kept_answer: keptAnswer,
  }
  const once = async (): Promise<Purged> => {
    const [row] = await sql<{ lost: Purged | null }[]>`
      select purge_artifact(${group_id}, ${id}, ${sql.json(purge)}) as lost`
    if (!row?.lost) throw new Error(`the group ${group_id} has no artifact ${id}`)
    return row.lost
  }
  const first = await once()
  await servicesToCommit(sql)
  const late = await once()
  return Object.fromEntries(Object.entries(first).map(([table, rows]) => [table, rows + (late[table] ?? 0)]))
}

async function servicesToCommit(sql: postgres.Sql): Promise<void> {
  const running = () => sql<{ id: string }[]>`
    select l.virtualtransaction as id
      from pg_locks l
      join pg_stat_activity a on a.pid = l.pid and a.datname = current_database()
      join pg_roles r on r.oid = a.usesysid and not r.rolsuper
     where l.locktype = 'virtualxid'
       and exists (select from unnest(array['keepr_api', 'keepr_validation', 'keepr_webhook']) as service (name)
                    where pg_has_role(r.oid, service.name, 'member'))`
  const before = new Set((await running()).map(({ id }) => id))
  for (const end = Date.now() + patienceMs; before.size > 0; await pause(pollMs)) {
    const now = new Set((await running()).map(({ id }) => id))
    for (const id of before) if (!now.has(id)) before.delete(id)
    if (Date.now() > end)
      throw new Error('a transaction of a service that began before the purge does not end; purge again later')
  }
}
