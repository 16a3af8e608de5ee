import { findLatest } from '@keepr/db/artifacts/find-latest'
import { findVersion } from '@keepr/db/artifacts/find-version'
import {
  ARTIFACT_OPERATIONS,
  type ArtifactOperation,
  type Decision,
  decide,
  decideForGroup,
  GROUP_OPERATIONS,
  type GroupOperation,
  RULES,
} from '@keepr/shared/domain/access'
import { Problem, problem } from '@keepr/shared/problem'
import { Name, Version } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import type { Call } from '../../http/api.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { subjectOf } from '../../commands/subject-of.ts'

const artifactActions = Object.keys(ARTIFACT_OPERATIONS)
const groupActions = Object.keys(GROUP_OPERATIONS)
const Question = v.strictObject(
  {
    action: v.pipe(
      v.picklist(
        [...artifactActions, ...groupActions],
        `must be one of ${[...artifactActions, ...groupActions].join(', ')}`,
      ),
      v.description('What the caller would do.'),
    ),
    name: v.pipe(v.optional(Name), v.description('What it would be done to; not for what is done to a whole group.')),
    version: v.pipe(v.optional(Version), v.description('The latest if left out.')),
    type: v.pipe(v.optional(v.string('must be a string')), v.description('Needed where several types have the name.')),
  },
  'must be an object',
)
type Question = v.InferOutput<typeof Question>

const hidden: Decision = { outcome: 'hidden', rule: 'what_may_not_be_seen_does_not_exist' }

/** Tells a caller which rule decides about what it would do. It learns nothing that the action itself would not tell. */
export const explainAccess = route(
  {
    operationId: 'explainAccess',
    method: 'post',
    path: '/access/explain',
    summary: 'Which rule decides whether the caller may do something',
    tag: 'artifacts',
    body: Question,
    bodyExample: { action: 'roll_back', name: 'greeting', version: '3' },
    answers: {
      200: {
        description: 'The decision and its rule',
        schema: v.object({
          allowed: v.boolean(),
          outcome: v.picklist(['allowed', 'forbidden', 'hidden', 'unusable']),
          rule: v.string(),
          explanation: v.string(),
        }),
        example: {
          allowed: true,
          outcome: 'allowed',
          rule: 'creators_and_admins_decide',
          explanation: RULES.creators_and_admins_decide,
        },
      },
    },
    problems: ['ambiguous-type', 'ambiguous-name'],
  },
  async (c, { body }) => {
    const { outcome, rule } = await decisionOn(c, body)
    const answer = { allowed: outcome === 'allowed', outcome, rule, explanation: RULES[rule] }
    return await transact(c, async () => ({ status: 200, headers: revalidated, body: answer }))
  },
)

async function decisionOn(c: Call, question: Question): Promise<Decision> {
  const { action } = question
  if (isGroupAction(action)) return decideForGroup(action, c.get('actor'))
  if (!isArtifactAction(action))
    throw problem('validation-error', { errors: [{ pointer: '/action', detail: 'is unknown' }] })
  if (question.name === undefined) {
    throw problem('validation-error', { errors: [{ pointer: '/name', detail: 'is missing' }] })
  }
  const artifact = await artifactIn(c, { ...question, name: question.name })
  return artifact ? decide(action, c.get('actor'), subjectOf(artifact)) : hidden
}

async function artifactIn(c: Call, { name, version, type }: Question & { name: string }) {
  const { readDb, settings } = c.get('ctx')
  const actor = c.get('actor')
  const asked = {
    group_id: actor.groupId,
    name,
    type,
    foreign: settings.foreignPublic === 'by_name',
    withContent: false,
  }
  const found = await readDb.read(actor, (tx) =>
    version === undefined ? findLatest(tx, asked) : findVersion(tx, { ...asked, version }),
  )
  try {
    return pickArtifact(found, actor)
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return undefined
    throw error
  }
}

const isGroupAction = (action: string): action is GroupOperation => Object.hasOwn(GROUP_OPERATIONS, action)
const isArtifactAction = (action: string): action is ArtifactOperation => Object.hasOwn(ARTIFACT_OPERATIONS, action)
