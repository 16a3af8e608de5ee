import type postgres from 'postgres'
import type { SingleKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOfKind } from './is-of-kind.ts'

type Fragment = postgres.PendingQuery<postgres.Row[]>
type Asked = {
  kind: SingleKind
  group_id: string
  /** An array of ids of runs or of deliveries. */
  refs: Fragment
}

/**
 * An array of the ids of the messages that runs or deliveries of a group have. Found one by one (offset 0): for a list of them
 * PostgreSQL before 17 reads the messages of all, if it planned while there were few. The group is asked for because a message of
 * the queue may name any run, and services see the outbox of all groups.
 */
export const messagesOf = (tx: Tx, { kind, group_id, refs }: Asked): Fragment => tx`
  array(
    select message.id
      from unnest(${refs}) as ended (ref)
     cross join lateral (
        select id from outbox
         where ${isOfKind(tx, kind)} and refs[1] = ended.ref and group_id = ${group_id} offset 0) message)`
