import { amongRarelyMarked } from '@keepr/db/artifacts/find-rarely-marked'
import { listArtifacts as askForPage, type ListQuestion, type Sort } from '@keepr/db/artifacts/list-artifacts'
import { isForeign } from '@keepr/shared/domain/access'
import { STATUSES } from '@keepr/shared/domain/lifecycle'
import { ArtifactPage, USAGE_POLICY } from '@keepr/shared/schemas/artifact'
import { Rfc3339 } from '@keepr/shared/schemas/rfc3339'
import * as v from 'valibot'
import type { Call } from '../../http/api.ts'
import { cutPage } from '../../http/cut-page.ts'
import { readCursor, type SortKey, writeCursor } from '../../http/cursor.ts'
import { Cursor, PageLimit } from '../../http/page-limit.ts'
import { route } from '../../http/route.ts'
import { sendPage } from '../../http/send-page.ts'
import type { ListedItem } from '../../listed-items.ts'
import { isVisible } from '../../views/artifact.ts'
import { answeredArtifact } from './example.ts'
import { OnlyType } from './name-query.ts'

const text = v.pipe(
  v.string(),
  v.nonEmpty('is empty'),
  v.maxLength(256, 'is longer than 256 characters'),
  v.check((value) => !value.includes('\u0000'), 'contains U+0000'),
)
const Query = v.strictObject({
  type: OnlyType,
  status: v.pipe(
    v.optional(v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`)),
    v.description('Only in this state. `archived` asks the history; without it all others are listed.'),
  ),
  tag: v.pipe(
    v.optional(v.pipe(v.array(text), v.maxLength(64, 'is given more than 64 times'))),
    v.description('Only with this tag; given several times, with all of them.'),
  ),
  category: v.pipe(v.optional(text), v.description('Only of this category.')),
  usage_policy: v.pipe(v.optional(USAGE_POLICY), v.description('Only with this policy.')),
  content_hash: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u, 'must be 64 lower-case hex digits'))),
    v.description('Only with exactly this content: its SHA-256 in lower-case hex.'),
  ),
  name: v.pipe(v.optional(text), v.description('Only of this name, or with `*` at its end of names that begin so.')),
  q: v.pipe(v.optional(text), v.description('Words that stand in the name or the description.')),
  created_after: v.pipe(v.optional(Rfc3339), v.description('Only what was made later than this.')),
  created_before: v.pipe(v.optional(Rfc3339), v.description('Only what was made earlier than this.')),
  scope: v.pipe(
    v.optional(v.picklist(['own', 'public'], 'must be own or public')),
    v.description('`own`: of the own group, as without it. `public`: what other groups have published for everyone.'),
  ),
  sort: v.pipe(
    v.optional(
      v.picklist(['-created_at', 'created_at', 'name'], 'must be -created_at, created_at or name'),
      '-created_at',
    ),
    v.description('Newest first (`-created_at`), oldest first, or by name.'),
  ),
  limit: PageLimit,
  cursor: Cursor,
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
    const { listedItems } = c.get('ctx')
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
    const rows = await readPage(c, asked)
    const { page, isLast } = cutPage(rows, limit)
    const found = page.map((row) => listedItems(row, actor))
    const last = found.at(-1)
    const next_cursor = last && !isLast ? writeCursor(sortKey(last, sort), question) : null
    const items = found
      // What the query asks for, told once more: a list of one's own never holds what others offer to all.
      .filter(
        ({ artifact }) =>
          isVisible(actor, artifact) && isForeign(actor, { groupId: artifact.group_id }) === (scope === 'public'),
      )
      .map(({ json }) => json)
    return sendPage(c, items, next_cursor)
  },
)

async function readPage(c: Call, asked: ListQuestion) {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const marks = ['marked', asked.tags, asked.words]
  const within = await amongRarelyMarked(asked, (query) => readDb.readShared(actor, marks, query))
  return await readDb.readShared(actor, ['list', within], (tx) => askForPage(tx, within))
}

const keyOf: Record<Sort, SortKey> = {
  '-created_at': ['time', 'id'],
  created_at: ['time', 'id'],
  name: ['text', 'text', 'version', 'id'],
}

const sortKey = ({ artifact: { id, name, type, version, created_at } }: ListedItem, sort: Sort): string[] =>
  sort === 'name' ? [name, type, version, id] : [created_at, id]
