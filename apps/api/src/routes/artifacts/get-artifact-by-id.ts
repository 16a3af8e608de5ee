import { findById } from '@keepr/db/artifacts/find-by-id'
import { problem } from '@keepr/shared/problem'
import { Artifact } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { presentArtifact } from '../../http/present.ts'
import { param, route } from '../../http/route.ts'
import { artifactExample } from './example.ts'
import { ContentParameter } from './name-query.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu

/** Exactly one artifact, the own group's or another group's public one. */
export const getArtifactById = route(
  {
    operationId: 'getArtifactById',
    method: 'get',
    path: '/artifacts/by-id/:id',
    summary: 'One artifact by its id',
    tag: 'artifacts',
    query: v.strictObject({ content: ContentParameter }),
    heeds: ['If-None-Match'],
    answers: {
      200: { description: 'The artifact', schema: Artifact, example: artifactExample, headers: ['ETag'] },
      304: { description: 'The caller has this revision', headers: ['ETag'] },
    },
    problems: ['not-found'],
  },
  async (c, { query }) => {
    const actor = c.get('actor')
    const id = param(c, 'id')
    if (!uuid.test(id)) throw problem('not-found')
    const withContent = query.content !== 'false'
    const found = await c
      .get('ctx')
      .readDb.read(actor, (tx) => findById(tx, { group_id: actor.groupId, id, withContent }))
    return presentArtifact(c, pickArtifact(found, actor))
  },
)
