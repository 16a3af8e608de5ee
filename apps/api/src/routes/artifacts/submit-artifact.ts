import { randomUUIDv7 } from 'node:crypto'
import { findById } from '@keepr/db/artifacts/find-by-id'
import type { JsonObject } from '@keepr/db/rows'
import { decideForGroup } from '@keepr/shared/domain/access'
import { type Offence, problem } from '@keepr/shared/problem'
import { Artifact, SubmitBody } from '@keepr/shared/schemas/artifact'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { metadataOffences } from '../../commands/check-metadata.ts'
import { prepareContent } from '../../commands/prepare-content.ts'
import { submitArtifact as submit, type Submission } from '../../commands/submit-artifact.ts'
import { contentLimit } from '../../content-limit.ts'
import type { Answer } from '../../http/answer.ts'
import { send } from '../../http/answer.ts'
import type { Call } from '../../http/api.ts'
import { causeOf } from '../../http/cause.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { entityTag } from '../../http/preconditions.ts'
import { preferredWaitMs } from '../../http/prefer-wait.ts'
import { route } from '../../http/route.ts'
import { readSubmission } from '../../http/submission-body.ts'
import { transactAnswer } from '../../http/transact.ts'
import { type ViewedArtifact, viewArtifact } from '../../views/artifact.ts'
import { artifactPath } from '../../views/links.ts'
import { artifactExample } from './example.ts'

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
    answers: {
      200: { description: 'The latest published version has this content already', schema: Artifact },
      201: { description: 'A draft, or (Prefer: wait) the version with its verdict', schema: Artifact },
      202: { description: 'Accepted for verification', schema: Artifact, example: artifactExample },
    },
    problems: [
      'forbidden',
      'version-exists',
      'versions-exhausted',
      'too-many-pending',
      'storage-quota-exceeded',
      'malformed-multipart',
      'too-many-uploads',
    ],
  },
  async (c) => {
    const { types, settings, contentSchemas, verdicts } = c.get('ctx')
    const actor = c.get('actor')
    if (decideForGroup('submit', actor).outcome !== 'allowed') throw problem('forbidden')
    const { body, given } = await readSubmission(c)
    const config = types().get(body.type)
    if (!config) throw invalid([{ pointer: '/type', detail: 'is not a configured type; GET /types lists them' }])
    requireFit(c, body, config)
    const content = prepareContent(given, {
      type: config,
      limit: contentLimit(config, settings),
      schemas: contentSchemas,
    })
    const waitMs = body.draft ? 0 : preferredWaitMs(c)
    const submission: Submission = {
      ...content,
      name: body.name,
      type: body.type,
      version: body.version,
      bump: body.bump,
      // SAFETY: the strict reader made it, so it is JSON.
      metadata: body.metadata as JsonObject | undefined,
      usage_policy: body.usage_policy,
      draft: body.draft ?? false,
      run_id: randomUUIDv7(),
      awaited: waitMs > 0,
    }
    const rules = { config, maxPending: settings.maxPending, maxStoredBytes: settings.maxStoredBytes }
    const settled = new AbortController()
    const verdict = waitMs > 0 ? verdicts.wait(submission.run_id, waitMs, settled.signal) : undefined
    try {
      const answer = await transactAnswer(c, async (tx) => {
        const { artifact, deduplicated } = await submit(tx, actor, submission, { rules, cause: causeOf(c) })
        return deduplicated
          ? answerWith(c, artifact, 200, { deduplicated })
          : answerWith(c, artifact, submission.draft ? 201 : 202)
      })
      if (!verdict || answer.status !== 202 || answer.headers?.['idempotent-replayed']) return send(c, answer)
      await verdict
      return send(c, (await finalAnswer(c, answer)) ?? answer)
    } finally {
      settled.abort()
    }
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

const answerWith = (c: Call, artifact: ViewedArtifact, status: Answer['status'], extra: object = {}): Answer => ({
  status,
  headers: { ...revalidated, location: artifactPath(artifact), etag: entityTag(artifact) },
  body: { ...viewArtifact(artifact, c.get('actor')), ...extra },
})

/** The version with its verdict, if there is one by now. */
async function finalAnswer(c: Call, accepted: Answer): Promise<Answer | undefined> {
  const actor = c.get('actor')
  // SAFETY: the answer was made above, with the id of the artifact.
  const { id } = accepted.body as { id: string }
  const [artifact] = await c
    .get('ctx')
    .db.read(actor, (tx) => findById(tx, { group_id: actor.groupId, id, withContent: false }))
  if (!artifact || artifact.status === 'on_verification') return undefined
  return answerWith(c, artifact, 201)
}
