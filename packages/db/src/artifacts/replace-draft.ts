import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

export type DraftReplacement = Pick<
  ArtifactRow,
  'content_kind' | 'content_type' | 'content_size' | 'content_hash' | 'metadata' | 'usage_policy'
> & { content: Uint8Array; duplicate_of: string | null }

/** Makes a draft anew in place; undefined when it is no draft any more. */
export async function replaceDraft(
  tx: Tx,
  { group_id, id }: Pick<ArtifactRow, 'group_id' | 'id'>,
  draft: DraftReplacement,
): Promise<ArtifactRow | undefined> {
  const [row] = await tx<ArtifactRow[]>`
    update artifact_active
       set json_content = ${jsonText(draft)}::text::jsonb,
           content_kind = ${draft.content_kind},
           content_type = ${draft.content_type},
           content_size = ${draft.content_size},
           content_hash = ${draft.content_hash},
           metadata = ${JSON.stringify(draft.metadata)}::text::jsonb,
           usage_policy = ${draft.usage_policy},
           duplicate_of = ${draft.duplicate_of},
           revision = revision + 1,
           updated_at = now(),
           content = ${draft.content}
     where id = ${id} and group_id = ${group_id} and status = 'draft'
    returning ${artifactColumns(tx)}`
  return row
}

/** Content of a JSON type as text for JSONB; null for other types. */
const jsonText = ({ content_kind, content }: DraftReplacement): string | null =>
  content_kind === 'json' ? new TextDecoder().decode(content) : null
