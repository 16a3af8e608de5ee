import type { ArtifactRow, JsonObject, UsagePolicy } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

/** Writes metadata and policy of an artifact that is neither on verification nor archived. */
export async function updateMetadata(
  tx: Tx,
  { group_id, id }: Pick<ArtifactRow, 'group_id' | 'id'>,
  { metadata, usage_policy }: { metadata: JsonObject; usage_policy: UsagePolicy },
): Promise<ArtifactRow | undefined> {
  const [row] = await tx<ArtifactRow[]>`
    update artifact_active
       set metadata = ${JSON.stringify(metadata)}::text::jsonb, usage_policy = ${usage_policy},
           revision = revision + 1, updated_at = now()
     where id = ${id} and group_id = ${group_id} and status in ('draft', 'published', 'blocked')
    returning ${artifactColumns(tx)}`
  return row
}
