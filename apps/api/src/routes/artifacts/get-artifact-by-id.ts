import { Artifact } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import { presentArtifact } from '../../http/present.ts'
import { readById } from '../../http/read-by-id.ts'
import { route } from '../../http/route.ts'
import { artifactExample } from './example.ts'
import { ContentParameter } from './name-query.ts'

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
    problems: ['not-found', 'content-damaged'],
  },
  async (c, { query }) => presentArtifact(c, await readById(c, query.content !== 'false')),
)
