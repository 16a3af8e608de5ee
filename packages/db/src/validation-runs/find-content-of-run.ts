import type { ValidationRunRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** The bytes that a run is about, where a claim left them out; undefined when they were purged meanwhile. */
export async function findContentOfRun(
  tx: Tx,
  { group_id, artifact_id, content_hash }: Pick<ValidationRunRow, 'group_id' | 'artifact_id' | 'content_hash'>,
): Promise<Buffer | undefined> {
  const [artifact] = await tx<{ content: Buffer }[]>`
    select content from artifact_active
     where id = ${artifact_id} and group_id = ${group_id} and purged_at is null
       and case when content_hash = ${content_hash} then true end -- which no index serves (has-content.ts)`
  return artifact?.content
}
