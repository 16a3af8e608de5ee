import { answerContent, contentContract } from '../../http/answer-content.ts'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { readNamedContent } from '../../http/read-named.ts'
import { param, route } from '../../http/route.ts'
import { NameQuery } from './name-query.ts'

/** The bytes that were hashed. Content that has not passed validation is returned to nobody. */
export const getContent = route(
  {
    ...contentContract,
    operationId: 'getContent',
    method: 'get',
    path: '/artifacts/:name/:version/content',
    summary: 'The bytes of a version',
    tag: 'artifacts',
    query: NameQuery,
    problems: [...contentContract.problems, 'ambiguous-type', 'ambiguous-name'],
  },
  async (c, { query }) => {
    const actor = c.get('actor')
    const asked = {
      group_id: actor.groupId,
      name: param(c, 'name'),
      version: param(c, 'version'),
      type: query.type,
      foreign: c.get('ctx').settings.foreignPublic === 'by_name',
      withContent: false,
    }
    return await answerContent(c, pickArtifact(await readNamedContent(c, asked), actor))
  },
)
