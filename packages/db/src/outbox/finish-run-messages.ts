import type { Tx } from '../transaction.ts'

/**
 * Removes the messages of runs of a group, in the transaction of their verdicts. The group is asked for because a message of
 * the queue may name any run, and services see the outbox of all groups. Found one by one (offset 0): for a list of runs
 * PostgreSQL before 17 reads the messages of all, if it planned while there were few.
 */
export async function finishRunMessages(tx: Tx, group_id: string, runIds: readonly string[]): Promise<void> {
  await tx`
    delete from outbox where id = any (array(
      select message.id
        from unnest(${[...runIds]}::uuid[]) as run (id)
       cross join lateral (
          select id from outbox where kind = 'validate_run' and refs[1] = run.id and group_id = ${group_id} offset 0) message))`
}
