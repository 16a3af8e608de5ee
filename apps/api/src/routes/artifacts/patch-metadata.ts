import type { JsonObject } from '@keepr/db/rows'
import { isObject } from '@keepr/shared/domain/is-object'
import { mergePatch } from '@keepr/shared/domain/merge-patch'
import { problem } from '@keepr/shared/problem'
import { Artifact, Metadata, USAGE_POLICY } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import { patchMetadata as patch } from '../../commands/patch-metadata.ts'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { checkBody } from '../../http/body.ts'
import { causeOf } from '../../http/cause.ts'
import { notesLimit } from '../../http/json-limit.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { requireNotes } from '../../http/require-notes.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { answeredArtifact } from './example.ts'
import { NameQuery } from './name-query.ts'

const PatchBody = v.strictObject(
  {
    metadata: v.pipe(
      v.optional(v.nullable(v.custom<Record<string, unknown>>(isObject, 'must be an object or null'))),
      v.description('Merged into what is there: keys that are left out stay, `null` removes one.'),
    ),
    usage_policy: v.pipe(v.optional(USAGE_POLICY), v.description('Whom it is for from now on.')),
  },
  'must be an object',
)
const Patched = v.strictObject({ metadata: Metadata }, 'must be an object')

/** Merges a patch (RFC 7396) into metadata and policy; null removes. */
export const patchMetadata = route(
  {
    operationId: 'patchMetadata',
    method: 'patch',
    path: '/artifacts/:name/:version/meta',
    summary: 'Change metadata and usage policy',
    tag: 'artifacts',
    query: NameQuery,
    heeds: ['If-Match'],
    body: PatchBody,
    bodyExample: { metadata: { tags: ['hello', 'new'], category: null }, usage_policy: 'public' },
    bodyTypes: ['application/json', 'application/merge-patch+json'],
    bodyLimit: (c) => notesLimit(c.get('ctx').settings),
    answers: {
      200: { description: 'The version as it is now', schema: Artifact, example: answeredArtifact, headers: ['ETag'] },
    },
    problems: ['forbidden', 'not-found', 'ambiguous-type', 'wrong-status', 'precondition-failed', 'purged'],
  },
  (c, { query, body }) =>
    transact(c, async (tx) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'patch_metadata' })
      if (artifact.status === 'on_verification' || artifact.status === 'archived') {
        throw problem('wrong-status', { detail: `Metadata of a version that is ${artifact.status} does not change.` })
      }
      // SAFETY: the strict reader made the patch, so it is JSON.
      const change = (body.metadata === undefined ? {} : body.metadata) as JsonObject | null
      // SAFETY: an object merged into an object is an object; null empties it.
      const metadata = (change === null ? {} : mergePatch(artifact.metadata, change)) as JsonObject
      checkBody({ metadata }, Patched)
      const usage_policy = body.usage_policy ?? artifact.usage_policy
      requireNotes(c, artifact, { metadata, usage_policy })
      const written = await patch(tx, artifact, { metadata, usage_policy }, causeOf(c))
      return await answerArtifact(c, tx, artifact.id, { written })
    }),
)
