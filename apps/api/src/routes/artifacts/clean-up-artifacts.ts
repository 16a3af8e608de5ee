import type { IdleVersion } from '@keepr/db/cleanup/list-idle-versions'
import { parseDuration } from '@keepr/shared/domain/duration'
import { problem } from '@keepr/shared/problem'
import * as v from 'valibot'
import { applyCleanup } from '../../commands/apply-cleanup.ts'
import { suggestCleanup } from '../../commands/suggest-cleanup.ts'
import type { Call } from '../../http/api.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { causeOf } from '../../http/cause.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { NameQuery } from './name-query.ts'

const Ttl = v.pipe(
  v.string('must be a duration such as 90d'),
  v.check((text) => (parseDuration(text) ?? 0) > 0, 'must be a positive duration such as 90d'),
)
const CleanupBody = v.strictObject(
  {
    ttl: v.optional(Ttl),
    type: v.optional(v.string('must be a string')),
    apply: v.optional(v.boolean('must be true or false')),
    plan_id: v.optional(v.pipe(v.string('must be a string'), v.uuid('must be a UUID'))),
    include_latest: v.optional(v.boolean('must be true or false')),
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
  idle_ms: v.number(),
  ttl_ms: v.number(),
  bytes: v.number(),
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
const defaultTtlMs = 180 * 86_400_000

/** Suggests what to clean up, or (with `apply`) does what a suggestion said, once. */
export const cleanUpArtifacts = route(
  {
    operationId: 'cleanUpArtifacts',
    method: 'post',
    path: '/artifacts/cleanup',
    summary: 'Suggest what to clean up, or apply a suggestion',
    tag: 'artifacts',
    query: NameQuery,
    body: CleanupBody,
    bodyExample: { ttl: '90d' },
    bodyOptional: true,
    answers: {
      200: {
        description: 'The plan, or what came of it',
        schema: v.object({ plan_id: v.string(), items: v.array(Item) }),
        example: { plan_id: '019ab1de-7c00-7000-8000-000000000009', items: [idleExample] },
      },
    },
    problems: ['forbidden', 'not-found', 'plan-not-applicable'],
  },
  async (c, { query, body }) => {
    requireGroupRight(c, body.apply ? 'apply_cleanup' : 'suggest_cleanup')
    requireConsistent(body)
    const actor = c.get('actor')
    // Reads that wait to be written count as accesses.
    await c.get('ctx').accessLog.flush('all')
    return await transact(c, async (tx) => {
      const { plan_id, include_latest = false } = body
      const { items, ...plan } = plan_id
        ? await applyCleanup(tx, actor, { plan_id, include_latest, cause: causeOf(c) })
        : await suggestCleanup(tx, actor, questionOf(c, { ...body, type: body.type ?? query.type }))
      return { status: 200, headers: revalidated, body: { ...plan, items: items.map(withReason) } }
    })
  },
)

function requireConsistent({ apply = false, plan_id, include_latest, ttl, type }: CleanupBody): void {
  const errors = []
  if (apply && plan_id === undefined) errors.push({ pointer: '/plan_id', detail: 'is missing' })
  if (!apply && plan_id !== undefined) errors.push({ pointer: '/plan_id', detail: 'is taken with apply only' })
  if (!apply && include_latest !== undefined)
    errors.push({ pointer: '/include_latest', detail: 'is taken with apply only' })
  if (apply && ttl !== undefined) errors.push({ pointer: '/ttl', detail: 'was decided when the plan was made' })
  if (apply && type !== undefined) errors.push({ pointer: '/type', detail: 'was decided when the plan was made' })
  if (errors.length > 0) throw problem('validation-error', { errors })
}

function questionOf(c: Call, { ttl, type }: Pick<CleanupBody, 'ttl' | 'type'>) {
  const asked = ttl === undefined ? undefined : parseDuration(ttl)
  if (asked !== undefined) return { type, ttls: new Map<string, number>(), defaultTtlMs: asked }
  const ttls = new Map([...c.get('ctx').types()].map(([name, config]) => [name, config.ttl]))
  return { type, ttls, defaultTtlMs }
}

const withReason = <I extends IdleVersion>(item: I) => ({ ...item, reason: `idle_${item.status}` })
