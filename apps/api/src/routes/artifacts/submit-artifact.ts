import { findById } from '@keepr/db/artifacts/find-by-id'
import type { JsonObject } from '@keepr/db/rows'
import type { Offence } from '@keepr/shared/domain/offence'
import { problem } from '@keepr/shared/problem'
import { Artifact, SubmitBody } from '@keepr/shared/schemas/artifact'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { metadataOffences } from '../../commands/check-metadata.ts'
import { prepareContent } from '../../commands/prepare-content.ts'
import { type Submission, type Submitted } from '../../commands/submission.ts'
import { submissions } from '../../commands/submit-artifacts.ts'
import type { Call } from '../../http/api.ts'
import { artifactAnswer } from '../../http/artifact-answer.ts'
import { awaitVerdict } from '../../http/await-verdict.ts'
import { causeOf } from '../../http/cause.ts'
import { contentRules } from '../../http/content-rules.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { type Read, transactTogether } from '../../http/transact.ts'
import { readSubmission } from '../../http/submission-body.ts'
import { answeredArtifact, pendingArtifact } from './example.ts'

/** A new version: handed to verification, or kept as a draft. */
export const submitArtifact = route(
  {
    operationId: 'submitArtifact',
    method: 'post',
    path: '/artifacts',
    summary: 'Submit a version for verification, or keep a draft',
    tag: 'artifacts',
    body: SubmitBody,
    bodyExample: { name: 'greeting', type: 'prompt', content: { text: 'Hello {name}' }, metadata: { tags: ['hello'] } },
    streamed: true,
    heeds: ['Prefer'],
    answers: {
      200: {
        description: 'The latest published version has this content already',
        schema: Artifact,
        example: { ...answeredArtifact, deduplicated: true },
        headers: ['ETag', 'Location'],
      },
      201: {
        description: 'A draft, or (Prefer: wait) the version with its verdict',
        schema: Artifact,
        example: answeredArtifact,
        headers: ['ETag', 'Location'],
      },
      202: {
        description: 'Accepted for verification',
        schema: Artifact,
        example: pendingArtifact,
        headers: ['ETag', 'Location'],
      },
    },
    problems: [
      'forbidden',
      'version-exists',
      'versions-exhausted',
      'too-many-pending',
      'storage-quota-exceeded',
      'malformed-multipart',
      'too-many-uploads',
      'overloaded',
    ],
  },
  async (c) => {
    const { types, settings, leaseMs } = c.get('ctx')
    const actor = c.get('actor')
    requireGroupRight(c, 'submit')
    const { body, given } = await readSubmission(c, SubmitBody)
    const config = types().get(body.type)
    if (!config) throw invalid([{ pointer: '/type', detail: 'is not a configured type; GET /types lists them' }])
    requireFit(c, body, config)
    const content = prepareContent(given, contentRules(c, config))
    const submission: Omit<Submission, 'run_id' | 'awaited'> = {
      ...content,
      name: body.name,
      type: body.type,
      version: body.version,
      bump: body.bump,
      // SAFETY: the strict reader made it, so it is JSON.
      metadata: body.metadata as JsonObject | undefined,
      usage_policy: body.usage_policy,
      draft: body.draft ?? false,
    }
    const { maxPending, maxPendingPerUser, maxStoredBytes } = settings
    const rules = { config, maxPending, maxPendingPerUser, maxStoredBytes, leaseMs: leaseMs() }
    const answerOf = async (submitted: Submitted, read: Read) => {
      if (submitted.repeated === undefined) {
        const { artifact, leased } = submitted
        return { ...artifactAnswer(c, artifact, submission.draft ? 201 : 202), leased }
      }
      const { repeated: id } = submitted
      const [latest] = await read((tx) => findById(tx, { group_id: actor.groupId, id, withContent: false }))
      return latest?.status === 'published' ? artifactAnswer(c, latest, 200, { deduplicated: true }) : undefined
    }
    return await awaitVerdict(c, 201, async ({ runId, waitMs }) => {
      const asked = { submission: { ...submission, run_id: runId, awaited: waitMs > 0 }, rules, cause: causeOf(c) }
      return await transactTogether(c, { story: submissions, item: asked, waitMs }, answerOf)
    })
  },
)

const invalid = (errors: Offence[]) => problem('validation-error', { errors })

function requireFit(c: Call, body: SubmitBody, config: TypeConfig): void {
  const { settings } = c.get('ctx')
  const errors = body.metadata === undefined ? [] : metadataOffences(body.metadata, settings)
  if (body.usage_policy === 'public' && !config.allow_public) {
    errors.push({ pointer: '/usage_policy', detail: 'may not be public for this type' })
  }
  if (body.version !== undefined && body.bump !== undefined) {
    errors.push({ pointer: '/bump', detail: 'makes no sense beside a version' })
  }
  if (errors.length > 0) throw invalid(errors)
}
