import type { ArtifactRow, ValidationRunRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

/** What is larger is loaded on its own (find-content-of-run.ts), by who has room for it. */
const SMALL_BYTES = 256 * 1024

/** A run that still waits for its verdict, with the artifact that it is about. */
export type OpenRun = Omit<ValidationRunRow, 'state' | 'findings' | 'report_url' | 'checked_at' | 'deadline'> &
  Pick<ArtifactRow, 'name' | 'version' | 'content_kind' | 'content_size' | 'metadata'> & {
    /** Until its deadline, as it was loaded: by the clock of the database, which made it. */
    left_ms: number
    /** The bytes that were hashed; null where they are many, or no validator will see them. */
    content: Buffer | null
  }

/**
 * Marks runs as being worked on and loads those that are still open and whose artifact still waits for exactly this run
 * (for a recheck: is still published). Content is loaded only where it is small and a validator will see it: for the types in
 * `validatedTypes` and for runs that required it when they were made.
 */
export async function claimRuns(
  tx: Tx,
  {
    groupId,
    runIds,
    validatedTypes,
  }: { groupId: string; runIds: readonly string[]; validatedTypes: readonly string[] },
): Promise<OpenRun[]> {
  return await tx<OpenRun[]>`
    update validation_runs r
       set state = 'running'
      from artifact_active a
     where r.id = any (${[...runIds]}::uuid[]) and r.group_id = ${groupId} and ${isOpen(tx)}
       and a.id = r.artifact_id and a.group_id = r.group_id and a.purged_at is null
       and case when a.content_hash = r.content_hash then true end -- which no index serves (has-content.ts)
       and case when r.kind = 'recheck' then a.status = 'published'
                else a.status = 'on_verification' and a.validation_run_id = r.id end
    returning r.id, r.group_id, r.artifact_id, r.artifact_type, r.content_hash, r.kind, r.requires_validation, r.awaited,
              r.recheck_id, r.simulate, r.attempts, r.reason, r.poll_url, r.poll_failures, r.traceparent, r.created_at,
              (extract(epoch from r.deadline - clock_timestamp()) * 1000)::float8 as left_ms,
              a.name, a.version, a.content_kind, a.content_size, a.metadata,
              case when a.content_size <= ${SMALL_BYTES} and (r.requires_validation or r.artifact_type = any (${[...validatedTypes]}::text[]))
                   then a.content end as content`
}
