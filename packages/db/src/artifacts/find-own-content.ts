import type postgres from 'postgres'
import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { ownVersion } from './find-own-version.ts'

/** What the answer with an artifact's content hangs on: whose it is, who may have it, and what the bytes are. */
export type ContentRow = Pick<
  ArtifactRow,
  | 'id'
  | 'group_id'
  | 'type'
  | 'status'
  | 'usage_policy'
  | 'created_by'
  | 'content_type'
  | 'content_size'
  | 'content_hash'
  | 'purged_at'
>

export type ContentQuestion = { name: string; type?: string | undefined; version: string }

/** What findOwnVersion finds, as far as a download needs it: half of its cost is what that one tells besides. */
export const findOwnContent = (
  tx: Tx,
  groupId: string,
  questions: readonly ContentQuestion[],
): postgres.PendingQuery<(ContentRow & { place: number })[]> => tx<(ContentRow & { place: number })[]>`
  select asked.place::int as place, a.id, a.group_id, a.type, a.status, a.usage_policy, a.created_by,
         a.content_type, a.content_size, a.content_hash, a.purged_at
    from unnest((select ${questions.map(({ name }) => name)}::text[]), (select ${questions.map(({ type }) => type ?? null)}::text[]),
                (select ${questions.map(({ version }) => version)}::text[]))
         with ordinality asked (name, type, version, place)
   cross join lateral (${ownVersion(tx, groupId)}) a`
