import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { route } from '../../http/route.ts'
import { viewType } from '../../views/type.ts'

/** The configured types: what a client needs to know before it submits, no URLs and no secrets. */
export const listTypes = route(
  {
    operationId: 'listTypes',
    method: 'get',
    path: '/types',
    summary: 'The configured types of artifacts',
    tag: 'system',
    answers: {
      200: {
        description: 'The types by name',
        schema: v.object({ items: v.array(v.record(v.string(), v.unknown())), next_cursor: v.nullable(v.string()) }),
        example: {
          items: [{ type: 'prompt', content: 'json', versioning: 'any', requires_validation: false }],
          next_cursor: null,
        },
      },
    },
    problems: [],
  },
  (c) => {
    const { settings, types } = c.get('ctx')
    const items = [...types()].map(([name, type]) => viewType(name, type, settings))
    return send(c, { status: 200, body: { items, next_cursor: null }, headers: revalidated })
  },
)
