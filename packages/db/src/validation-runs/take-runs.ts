import type { Tx } from '../transaction.ts'

/** A name that is locked, with the last number of its sequence that was taken, and the runs that are to be settled. */
export type TakenName = { name: string; last_sequence: number; run_ids: string[] }

type Wanted = {
  group_id: string
  type: string
  runIds: readonly string[]
  /** Whether they have been judged; else it is those that no validator has to judge, with so many others of the kind. */
  judged: boolean
  limit: number
}

/**
 * Locks the names of runs that can be published, and takes a number for the event of each: the runs asked for, and others of
 * the group and type that wait and that nobody was woken for, nor will be: their messages are locked. Names are locked in
 * their order, so that two who do this at once follow each other. Runs and artifacts are found in selects of their own, by their
 * ids and nothing else: few waited when the statement was planned, and it would go through all that wait by now.
 */
export async function takeRuns(tx: Tx, { group_id, type, runIds, judged, limit }: Wanted): Promise<TakenName[]> {
  return await tx<TakenName[]>`
    with others as (
      select refs[1] as run_id from outbox
       where kind = 'validate_run' and lane = ${type} and group_id = ${group_id} and leased_until is null
         and quarantined_at is null and due_at <= clock_timestamp()
       order by due_at limit ${limit}
       for update skip locked
    ), asked as (
      select unnest(${[...runIds]}::uuid[]) as run_id union select run_id from others
    ), wanted as (
      select a.name, count(*)::int as events, array_agg(r.id order by r.id) as run_ids
        from asked
       cross join lateral (select * from validation_runs where id = asked.run_id offset 0) r
       cross join lateral (select * from artifact_active where id = r.artifact_id offset 0) a
       where r.group_id = ${group_id} and r.artifact_type = ${type} and r.kind <> 'recheck' and r.state in ('waiting', 'running', 'error')
         and (${judged} or not r.requires_validation)
         and a.group_id = r.group_id and a.content_hash = r.content_hash and a.purged_at is null
         and a.status = 'on_verification' and a.validation_run_id = r.id
       group by a.name
    ), locked as materialized (
      select n.name, wanted.events, wanted.run_ids from artifact_names n join wanted on wanted.name = n.name
       where n.group_id = ${group_id} and n.type = ${type}
       order by n.name for update of n
    )
    update artifact_names n
       set last_sequence = n.last_sequence + locked.events
      from locked
     where n.group_id = ${group_id} and n.type = ${type} and n.name = locked.name
    returning n.name, n.last_sequence, locked.run_ids`
}
