import type { EventSubject } from '../events/append-events.ts'
import type { Tx } from '../transaction.ts'
import { isOnVerification } from './is-on-verification.ts'

/** What its event tells of it, and the run that it waited for. */
type Published = EventSubject & { validation_run_id: string }

/**
 * Publishes the artifacts that wait for exactly these runs, whose verdict was stored before in the same
 * transaction: the database checks it for each. They are joined one by one: for a list of ids of a group the planner would take an
 * index that has the id behind the time, and read all of the group's.
 */
export async function publishOfRuns(tx: Tx, group_id: string, runIds: readonly string[]): Promise<Published[]> {
  return await tx<Published[]>`
    update artifact_active
       set status = 'published', blocked_reason = null, published_at = now(), revision = revision + 1, updated_at = now()
      from (select artifact_id from validation_runs
             where id = any (${[...runIds]}::uuid[]) and group_id = ${group_id} and state in ('passed', 'not_required') offset 0) judged
     where id = judged.artifact_id
       and group_id = ${group_id} and validation_run_id = any (${[...runIds]}::uuid[]) and ${isOnVerification(tx)}
    returning id, group_id, type, name, version, status, usage_policy, content_hash, created_by, published_at, validation_run_id`
}
