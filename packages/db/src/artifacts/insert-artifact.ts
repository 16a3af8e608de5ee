import type { ArtifactRow, JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

export type NewArtifact = Pick<
  ArtifactRow,
  | 'id' | 'group_id' | 'type' | 'name' | 'version' | 'status' | 'usage_policy' | 'created_by' | 'content_kind'
  | 'content_type' | 'content_size' | 'content_hash' | 'validation_run_id' | 'duplicate_of'
> & { content: Uint8Array; metadata: JsonObject } // prettier-ignore

/**
 * Writes a new artifact; its version stands in the ledger already. JSON is stored twice: as bytes and as JSONB. The content
 * comes last: the driver's buffer grows once for it, and not again for what follows.
 */
export async function insertArtifact(tx: Tx, artifact: NewArtifact): Promise<ArtifactRow> {
  const [row] = await tx<[ArtifactRow]>`
    insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                 content_type, content_size, content_hash, json_content, metadata,
                                 validation_run_id, duplicate_of, content)
    values (${artifact.id}, ${artifact.group_id}, ${artifact.type}, ${artifact.name}, ${artifact.version}, ${artifact.status},
            ${artifact.usage_policy}, ${artifact.created_by}, ${artifact.content_kind}, ${artifact.content_type},
            ${artifact.content_size}, ${artifact.content_hash}, ${jsonText(artifact)}::text::jsonb,
            ${JSON.stringify(artifact.metadata)}::text::jsonb, ${artifact.validation_run_id}, ${artifact.duplicate_of},
            ${artifact.content})
    returning ${artifactColumns(tx)}`
  return row
}

/** Content of a JSON type as text for JSONB; null for other types. */
export const jsonText = ({ content_kind, content }: Pick<NewArtifact, 'content_kind' | 'content'>): string | null =>
  content_kind === 'json' ? new TextDecoder().decode(content) : null
