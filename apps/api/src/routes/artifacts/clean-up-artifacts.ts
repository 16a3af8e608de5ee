import type { IdleVersion } from '@keepr/db/cleanup/list-idle-versions'
import type { Tx } from '@keepr/db/transaction'
import { parseDuration } from '@keepr/shared/domain/duration'
import { problem } from '@keepr/shared/problem'
import { PositiveDuration } from '@keepr/shared/schemas/configured-duration'
import { Integer } from '@keepr/shared/schemas/integer'
import { DEFAULT_TTL } from '@keepr/shared/schemas/type-config'
import * as v from 'valibot'
import { applyCleanup, type CleanupOrder } from '../../commands/apply-cleanup.ts'
import { type CleanupQuestion, suggestCleanup } from '../../commands/suggest-cleanup.ts'
import type { Call } from '../../http/api.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { causeOf } from '../../http/cause.ts'
import { readCursor, writeCursor } from '../../http/cursor.ts'
import { Cursor } from '../../http/page-limit.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { OnlyType } from './name-query.ts'

const Ttl = v.pipe(
  v.string('must be a duration such as 90d'),
  v.check((text) => (parseDuration(text) ?? 0) > 0, 'must be a positive duration such as 90d'),
)
const most = 1000
const limitRule = `must be a whole number from 1 to ${most}`
const CleanupBody = v.strictObject(
  {
    ttl: v.pipe(v.optional(Ttl), v.description('How long unused; the `ttl` of each type if left out.')),
    type: v.pipe(v.optional(v.string('must be a string')), v.description('Only of this type.')),
    apply: v.pipe(
      v.optional(v.boolean('must be true or false')),
      v.description('Do what the plan `plan_id` listed, for admins. Else nothing is changed.'),
    ),
    plan_id: v.pipe(
      v.optional(v.pipe(v.string('must be a string'), v.uuid('must be a UUID'))),
      v.description('With `apply`: the plan, as a suggestion told it.'),
    ),
    include_latest: v.pipe(
      v.optional(v.boolean('must be true or false')),
      v.description('With `apply`: latest published versions too, which are kept else.'),
    ),
    limit: v.pipe(
      v.optional(
        v.pipe(v.number(limitRule), v.integer(limitRule), v.minValue(1, limitRule), v.maxValue(most, limitRule)),
      ),
      v.description(`How many items, ${most} at most and if left out. A page may have fewer before the end.`),
    ),
    cursor: Cursor,
  },
  'must be an object',
)
type CleanupBody = v.InferOutput<typeof CleanupBody>

const Item = v.object({
  id: v.string(),
  name: v.string(),
  type: v.string(),
  version: v.string(),
  status: v.string(),
  reason: v.picklist(['idle_published', 'idle_draft', 'idle_blocked']),
  idle_since: v.string(),
  idle_ms: Integer,
  ttl_ms: Integer,
  bytes: Integer,
  latest: v.boolean(),
  outcome: v.optional(v.picklist(['archived', 'discarded', 'kept'])),
})
const idleExample = {
  id: '019ab1de-7c00-7000-8000-000000000001',
  name: 'greeting',
  type: 'prompt',
  version: '3',
  status: 'published',
  reason: 'idle_published',
  idle_since: '2026-05-01T08:00:00.000000Z',
  idle_ms: 17_884_800_000,
  ttl_ms: 15_552_000_000,
  bytes: 23,
  latest: true,
}
const defaultTtlMs = v.parse(PositiveDuration, DEFAULT_TTL)

/** Suggests what to clean up, or (with `apply`) does what a suggestion said, once. */
export const cleanUpArtifacts = route(
  {
    operationId: 'cleanUpArtifacts',
    method: 'post',
    path: '/artifacts/cleanup',
    summary: 'Suggest what to clean up, or apply a suggestion',
    tag: 'artifacts',
    query: v.strictObject({ type: OnlyType }),
    body: CleanupBody,
    bodyExample: { ttl: '90d' },
    bodyOptional: true,
    answers: {
      200: {
        description: 'The plan, or what came of it',
        schema: v.object({ plan_id: v.string(), items: v.array(Item), next_cursor: v.nullable(v.string()) }),
        example: { plan_id: '019ab1de-7c00-7000-8000-000000000009', items: [idleExample], next_cursor: null },
      },
    },
    problems: ['forbidden', 'not-found', 'plan-not-applicable', 'overloaded'],
  },
  async (c, { query, body }) => {
    requireGroupRight(c, body.apply ? 'apply_cleanup' : 'suggest_cleanup')
    requireConsistent(body, query.type)
    const { plan_id, include_latest = false } = body
    const story = plan_id
      ? apply(c, { plan_id, include_latest, cause: causeOf(c) })
      : suggest(c, questionOf(c, { ...body, type: body.type ?? query.type }))
    // Reads that wait to be written, here or in another process, count as accesses.
    await c.get('ctx').accessFlushes.everywhere()
    return await transact(c, story)
  },
)

const apply = (c: Call, order: CleanupOrder) => async (tx: Tx) =>
  answer({ ...(await applyCleanup(tx, c.get('actor'), order)), next_cursor: null })

const suggest = (c: Call, question: Question) => async (tx: Tx) => {
  const { next, ...plan } = await suggestCleanup(tx, c.get('actor'), question)
  const next_cursor = next ? writeCursor(next, question.fingerprint) : null
  return answer({ ...plan, next_cursor })
}

function requireConsistent(
  { apply = false, plan_id, include_latest, ttl, type, limit, cursor }: CleanupBody,
  typeOfQuery: string | undefined,
): void {
  const errors = []
  if (type !== undefined && typeOfQuery !== undefined && type !== typeOfQuery)
    errors.push({ pointer: '/type', detail: 'is another than that of the query' })
  if (apply && plan_id === undefined) errors.push({ pointer: '/plan_id', detail: 'is missing' })
  if (!apply && plan_id !== undefined) errors.push({ pointer: '/plan_id', detail: 'is taken with apply only' })
  if (!apply && include_latest !== undefined)
    errors.push({ pointer: '/include_latest', detail: 'is taken with apply only' })
  if (apply && ttl !== undefined) errors.push({ pointer: '/ttl', detail: 'was decided when the plan was made' })
  if (apply && (limit ?? cursor) !== undefined)
    errors.push({ pointer: limit === undefined ? '/cursor' : '/limit', detail: 'was decided when the plan was made' })
  if (apply && type !== undefined) errors.push({ pointer: '/type', detail: 'was decided when the plan was made' })
  if (errors.length > 0) throw problem('validation-error', { errors })
}

type Question = CleanupQuestion & { fingerprint: string }

/** What is asked: one time to live for all, or that of each type; and from where on. */
function questionOf(c: Call, { ttl, type, limit = most, cursor }: CleanupBody): Question {
  const fingerprint = JSON.stringify(['cleanup', c.get('actor').groupId, ttl, type])
  const place = { question: fingerprint, key: ['time', 'id'], place: '/cursor' } as const
  const [since, id] = cursor === undefined ? [] : readCursor(cursor, place)
  const page = {
    fingerprint,
    type,
    limit,
    after: since === undefined || id === undefined ? undefined : ([since, id] as const),
  }
  const asked = ttl === undefined ? undefined : parseDuration(ttl)
  if (asked !== undefined) return { ...page, ttls: new Map<string, number>(), defaultTtlMs: asked }
  const ttls = new Map([...c.get('ctx').types()].map(([name, config]) => [name, config.ttl]))
  return { ...page, ttls, defaultTtlMs }
}

const answer = ({ items, ...plan }: { plan_id: string; items: IdleVersion[]; next_cursor: string | null }) => ({
  status: 200 as const,
  headers: revalidated,
  body: { ...plan, items: items.map((item) => ({ ...item, reason: `idle_${item.status}` })) },
})
