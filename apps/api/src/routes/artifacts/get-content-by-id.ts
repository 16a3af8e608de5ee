import { answerContent, contentContract } from '../../http/answer-content.ts'
import { readById } from '../../http/read-by-id.ts'
import { route } from '../../http/route.ts'

/** The bytes of exactly one artifact: what is public of another group cannot always be had by its name. */
export const getContentById = route(
  {
    ...contentContract,
    operationId: 'getContentById',
    method: 'get',
    path: '/artifacts/by-id/:id/content',
    summary: 'The bytes of one artifact by its id',
    tag: 'artifacts',
  },
  async (c) => await answerContent(c, await readById(c, false)),
)
