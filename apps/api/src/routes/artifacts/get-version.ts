import { Artifact } from '@keepr/shared/schemas/artifact'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { presentArtifact } from '../../http/present.ts'
import { readNamed } from '../../http/read-named.ts'
import { param, route } from '../../http/route.ts'
import { artifactExample } from './example.ts'
import { ReadQuery } from './name-query.ts'

/** One version in whatever state, also while it waits for its verdict: the polling route. */
export const getVersion = route(
  {
    operationId: 'getVersion',
    method: 'get',
    path: '/artifacts/:name/:version',
    summary: 'One version of an artifact',
    tag: 'artifacts',
    query: ReadQuery,
    heeds: ['If-None-Match'],
    answers: {
      200: { description: 'The version', schema: Artifact, example: artifactExample, headers: ['ETag'] },
      304: { description: 'The caller has this revision', headers: ['ETag'] },
    },
    problems: ['not-found', 'ambiguous-type', 'ambiguous-name', 'content-damaged'],
  },
  async (c, { query }) => {
    const { settings } = c.get('ctx')
    const actor = c.get('actor')
    const found = await readNamed(c, {
      group_id: actor.groupId,
      name: param(c, 'name'),
      version: param(c, 'version'),
      type: query.type,
      foreign: settings.foreignPublic === 'by_name',
      withContent: query.content !== 'false',
    })
    return presentArtifact(c, pickArtifact(found, actor))
  },
)
