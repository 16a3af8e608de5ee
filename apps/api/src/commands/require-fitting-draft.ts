import { findContent } from '@keepr/db/artifacts/find-content'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import type { Offence } from '@keepr/shared/domain/offence'
import { problem } from '@keepr/shared/problem'
import { type ContentRules, requireContentType, requireSchema, requireSize } from './prepare-content.ts'

/** A draft is as its type was configured when it was written; what is submitted is taken as the type is now. */
export async function requireFittingDraft(tx: Tx, draft: ArtifactRow, rules: ContentRules): Promise<void> {
  const { type, limit, schemas, readJson } = rules
  const errors: Offence[] = []
  if (draft.content_kind !== type.content)
    errors.push({ pointer: '/content', detail: `is ${draft.content_kind}, and the type takes ${type.content} by now` })
  if (draft.usage_policy === 'public' && !type.allow_public)
    errors.push({ pointer: '/usage_policy', detail: 'may not be public for this type' })
  if (errors.length > 0) throw problem('validation-error', { errors })
  requireSize(draft.content_size, limit)
  requireContentType(draft.content_type, type, true)
  if (type.json_schema === undefined) return
  const [found] = await findContent(tx, { ...draft, start: 0, length: draft.content_size })
  if (found?.content) requireSchema(readJson(found.content), type, schemas)
}
