import { Artifact, Version } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import { listByIds } from '@keepr/db/artifacts/list-by-ids'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { rollBackArtifact as rollBack } from '../../commands/roll-back-artifact.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewArtifact } from '../../views/artifact.ts'
import { answeredArtifact, archivedArtifact } from './example.ts'
import { NameQuery } from './name-query.ts'

const RollbackBody = v.strictObject(
  {
    to_version: v.pipe(
      v.optional(Version),
      v.description('The version that is the latest afterwards; the one before if left out.'),
    ),
    reason: v.pipe(
      v.optional(v.pipe(v.string('must be a string'), v.maxLength(1000, 'has more than 1000 characters'))),
      v.description('Why: stands in the event.'),
    ),
  },
  'must be an object',
)
const priorId = '019ab1de-7c00-7000-8000-000000000002'
const RolledBack = v.object({ withdrawn: v.array(Artifact), restored: Artifact })

/** Withdraws the latest version and makes an earlier one latest again. */
export const rollBackArtifact = route(
  {
    operationId: 'rollBackArtifact',
    method: 'post',
    path: '/artifacts/:name/:version/rollback',
    summary: 'Roll back to the prior version',
    tag: 'artifacts',
    query: NameQuery,
    heeds: ['If-Match'],
    body: RollbackBody,
    bodyExample: { to_version: '2', reason: 'it greets in the wrong language' },
    bodyOptional: true,
    answers: {
      200: {
        description: 'What was withdrawn, and what is latest now',
        schema: RolledBack,
        example: { withdrawn: [archivedArtifact], restored: { ...answeredArtifact, id: priorId, version: '2' } },
      },
    },
    problems: [
      'forbidden',
      'not-found',
      'ambiguous-type',
      'not-latest',
      'not-restorable',
      'no-prior-version',
      'precondition-failed',
    ],
  },
  (c, { query, body }) =>
    transact(c, async (tx) => {
      const actor = c.get('actor')
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'roll_back' })
      const { withdrawn, restored } = await rollBack(tx, actor, artifact, { request: body, cause: causeOf(c) })
      const artifactIds = [...withdrawn, restored]
      const found = await listByIds(tx, { group_id: artifact.group_id, ids: artifactIds })
      const byId = new Map(found.map((one) => [one.id, one]))
      const view = (id: string) => viewArtifact(theOne(byId, id), actor)
      return {
        status: 200,
        headers: revalidated,
        body: { withdrawn: withdrawn.map(view), restored: view(restored) },
        artifactIds,
      }
    }),
)

function theOne(found: ReadonlyMap<string, PresentedArtifact>, id: string): PresentedArtifact {
  const one = found.get(id)
  if (!one) throw new Error('a rollback cannot read what it has moved')
  return one
}
