import type { ArtifactRow, JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

export type NewArtifact = Pick<
  ArtifactRow,
  | 'id' | 'group_id' | 'type' | 'name' | 'version' | 'status' | 'usage_policy' | 'created_by' | 'content_kind'
  | 'content_type' | 'content_size' | 'content_hash' | 'validation_run_id' | 'duplicate_of'
> & { content: Uint8Array; metadata: JsonObject } // prettier-ignore

/**
 * Writes new artifacts, whose versions stand in the ledger already. JSON is stored twice: as bytes and as JSONB. All content
 * goes as one run of bytes, each row knowing where its own begins, and comes last: the driver's buffer grows once for it, and
 * not again for what follows.
 * @returns the rows, in any order
 */
export async function insertArtifacts(tx: Tx, artifacts: readonly NewArtifact[]): Promise<ArtifactRow[]> {
  let begin = 1 // PostgreSQL counts from one
  const rows = artifacts.map(({ content, ...row }) => {
    const placed = { ...row, content_begin: begin }
    begin += content.byteLength
    return placed
  })
  return await tx<ArtifactRow[]>`
    insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                 content_type, content_size, content_hash, json_content, metadata, validation_run_id,
                                 duplicate_of, content)
    select id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type, content_size,
           content_hash, case when content_kind = 'json' then convert_from(bytes, 'UTF8')::jsonb end, metadata,
           validation_run_id, duplicate_of, bytes
      from jsonb_to_recordset(${tx.json(rows)}) as given (
        id uuid, group_id text, type text, name text, version text, status text, usage_policy text, created_by text,
        content_kind text, content_type text, content_size bigint, content_hash text, metadata jsonb, validation_run_id uuid,
        duplicate_of uuid, content_begin integer)
     cross join lateral substring(${bytesOf(artifacts)}::bytea from content_begin for content_size::integer) bytes
    returning ${artifactColumns(tx)}`
}

const bytesOf = (artifacts: readonly NewArtifact[]): Uint8Array => {
  const [first, ...others] = artifacts
  return first && others.length === 0 ? first.content : Buffer.concat(artifacts.map(({ content }) => content))
}
