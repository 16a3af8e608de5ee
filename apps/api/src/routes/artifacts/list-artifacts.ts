import { listArtifacts as askForPage, type ListQuestion, type Sort } from '@keepr/db/artifacts/list-artifacts'
import { isForeign } from '@keepr/shared/domain/access'
import { STATUSES } from '@keepr/shared/domain/lifecycle'
import { ArtifactPage, USAGE_POLICY } from '@keepr/shared/schemas/artifact'
import { Rfc3339 } from '@keepr/shared/schemas/rfc3339'
import * as v from 'valibot'
import { readCursor, type SortKey, writeCursor } from '../../http/cursor.ts'
import { PageLimit } from '../../http/page-limit.ts'
import { route } from '../../http/route.ts'
import { sendPage } from '../../http/send-page.ts'
import type { ListedItem } from '../../listed-items.ts'
import { isVisible } from '../../views/artifact.ts'
import { answeredArtifact } from './example.ts'
import { CursorParameter, TypeParameter } from './name-query.ts'

const text = v.pipe(
  v.string(),
  v.nonEmpty('is empty'),
  v.maxLength(256, 'is longer than 256 characters'),
  v.check((value) => !value.includes('\u0000'), 'contains U+0000'),
)
const Query = v.strictObject({
  type: TypeParameter,
  status: v.optional(v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`)),
  tag: v.optional(v.pipe(v.array(text), v.maxLength(64, 'is given more than 64 times'))),
  category: v.optional(text),
  usage_policy: v.optional(USAGE_POLICY),
  content_hash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u, 'must be 64 lower-case hex digits'))),
  name: v.optional(text),
  q: v.optional(text),
  created_after: v.optional(Rfc3339),
  created_before: v.optional(Rfc3339),
  scope: v.optional(v.picklist(['own', 'public'], 'must be own or public')),
  sort: v.optional(
    v.picklist(['-created_at', 'created_at', 'name'], 'must be -created_at, created_at or name'),
    '-created_at',
  ),
  limit: PageLimit,
  cursor: CursorParameter,
})

/** One item per version, never with content. */
export const listArtifacts = route(
  {
    operationId: 'listArtifacts',
    method: 'get',
    path: '/artifacts',
    summary: 'Find artifacts',
    tag: 'artifacts',
    query: Query,
    repeatable: ['tag'],
    answers: {
      200: {
        description: 'One page',
        schema: ArtifactPage,
        example: { items: [answeredArtifact], next_cursor: null },
        headers: ['Link'],
      },
    },
    problems: [],
  },
  async (c, { query }) => {
    const { readDb, listedItems } = c.get('ctx')
    const actor = c.get('actor')
    const { cursor, limit, sort, q, tag = [], name, scope, ...filters } = query
    const question = JSON.stringify([actor.groupId, sort, scope, q, tag, name, filters])
    const prefix = name?.endsWith('*') ? name.slice(0, -1) : undefined
    const asked: ListQuestion = {
      ...filters,
      group_id: actor.groupId,
      foreign: scope === 'public',
      tags: tag,
      words: q,
      ...(prefix === undefined ? { name } : { name_prefix: prefix }),
      sort,
      limit: limit + 1,
      after: cursor === undefined ? undefined : readCursor(cursor, { question, key: keyOf[sort] }),
    }
    const rows = await readDb.readShared(actor, ['list', asked], (tx) => askForPage(tx, asked))
    const found = rows.map((row) => listedItems(row, actor))
    const last = found.length > limit ? found[limit - 1] : undefined
    const next_cursor = last ? writeCursor(sortKey(last, sort), question) : null
    const items = found
      .slice(0, limit)
      // What the query asks for, told once more: a list of one's own never holds what others offer to all.
      .filter(
        ({ artifact }) =>
          isVisible(actor, artifact) && isForeign(actor, { groupId: artifact.group_id }) === (scope === 'public'),
      )
      .map(({ json }) => json)
    return sendPage(c, items, next_cursor)
  },
)

const keyOf: Record<Sort, SortKey> = {
  '-created_at': ['time', 'id'],
  created_at: ['time', 'id'],
  name: ['text', 'text', 'version', 'id'],
}

const sortKey = ({ artifact: { id, name, type, version, created_at } }: ListedItem, sort: Sort): string[] =>
  sort === 'name' ? [name, type, version, id] : [created_at, id]
