import type { JsonObject } from '@keepr/db/rows'
import { problem } from '@keepr/shared/problem'
import { Artifact, DraftBody } from '@keepr/shared/schemas/artifact'
import { editDraft as edit } from '../../commands/edit-draft.ts'
import { prepareContent } from '../../commands/prepare-content.ts'
import { requireStorage } from '../../commands/require-storage.ts'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { causeOf } from '../../http/cause.ts'
import { contentRules } from '../../http/content-rules.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { requireNotes } from '../../http/require-notes.ts'
import { route } from '../../http/route.ts'
import { readSubmission } from '../../http/submission-body.ts'
import { transact } from '../../http/transact.ts'
import { typeConfigOf } from '../../http/type-config-of.ts'
import { draftArtifact } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Replaces content, metadata and policy of a draft in place; metadata left out is empty, a policy left out stays. */
export const editDraft = route(
  {
    operationId: 'editDraft',
    method: 'put',
    path: '/artifacts/:name/:version',
    summary: 'Replace a draft',
    tag: 'artifacts',
    query: NameQuery,
    heeds: ['If-Match'],
    body: DraftBody,
    bodyExample: { content: { text: 'Hello {name}!' }, metadata: { tags: ['hello'] } },
    streamed: true,
    answers: {
      200: { description: 'The draft as it is now', schema: Artifact, example: draftArtifact, headers: ['ETag'] },
    },
    problems: [
      'forbidden',
      'not-found',
      'ambiguous-type',
      'wrong-status',
      'precondition-failed',
      'purged',
      'storage-quota-exceeded',
      'malformed-multipart',
      'too-many-uploads',
      'overloaded',
    ],
  },
  async (c, { query }) => {
    const { body, given } = await readSubmission(c, DraftBody)
    return await transact(c, async (tx) => {
      const { maxStoredBytes } = c.get('ctx').settings
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'edit_draft' })
      if (artifact.status !== 'draft') throw problem('wrong-status', { detail: 'Only a draft can be edited.' })
      const content = prepareContent(given, contentRules(c, typeConfigOf(c, artifact.type)))
      const more = content.content_size - artifact.content_size
      if (more > 0) await requireStorage(tx, { groupId: artifact.group_id, bytes: more, maxStoredBytes })
      // SAFETY: the strict reader made it, so it is JSON.
      const metadata = (body.metadata ?? {}) as JsonObject
      const usage_policy = body.usage_policy ?? artifact.usage_policy
      requireNotes(c, artifact, { metadata, usage_policy })
      const written = await edit(tx, artifact, { ...content, metadata, usage_policy }, causeOf(c))
      return await answerArtifact(c, tx, artifact.id, { written })
    })
  },
)
