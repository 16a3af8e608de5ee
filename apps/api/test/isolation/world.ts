import { createHash, randomUUIDv7 } from 'node:crypto'
import type { UsagePolicy } from '@keepr/db/rows'
import type { TestDatabase } from '@keepr/dev-env/testing/database'
import { USAGE_POLICIES } from '@keepr/shared/domain/access'
import { type Status, STATUSES } from '@keepr/shared/domain/lifecycle'

/** What requests are about: an artifact that is there, or the same question about one that is nowhere. */
export type Target = {
  name: string
  type: string
  version: string
  status: Status
  usage_policy: UsagePolicy
  id: string
  content: string
  content_hash: string
  tag: string
  event_id: string
  delivery_id: string
  plan_id: string
}

export const OWNER_GROUP = 'acme'
export const CREATOR = 'alice'

const target = (name: string, status: Status, usage_policy: UsagePolicy): Target => {
  const content = `content of ${name}`
  return {
    name,
    type: 'prompt',
    version: '7',
    status,
    usage_policy,
    id: randomUUIDv7(),
    content,
    content_hash: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
    tag: `tag-${name}`,
    event_id: randomUUIDv7(),
    delivery_id: randomUUIDv7(),
    plan_id: randomUUIDv7(),
  }
}

/** The same question about nothing: every value differs, every form and length is the same. */
export const missing = ({ name, status, usage_policy }: Pick<Target, 'name' | 'status' | 'usage_policy'>): Target =>
  target(name.replace('there', 'wrong'), status, usage_policy)

/** One artifact of one group in every state and with every policy, with its run, event, delivery and cleanup plan. */
export async function seedWorld({ admin }: TestDatabase): Promise<Target[]> {
  const targets = STATUSES.flatMap((status) =>
    USAGE_POLICIES.map((policy) => target(`there-${status.replace('_', '-')}-${policy.slice(0, 3)}`, status, policy)),
  )
  await admin.begin(async (sql) => {
    // States that only a story leads to are put in place at once; the guards are tested elsewhere.
    await sql`set local session_replication_role = replica`
    for (const [index, one] of targets.entries()) {
      const { name, type, version, status, usage_policy, id, content, content_hash } = one
      const coordinates = { group_id: OWNER_GROUP, type, name, version }
      const run_id = randomUUIDv7()
      const metadata = { tags: [one.tag], category: one.tag, description: one.tag }
      const row = {
        ...coordinates, usage_policy, created_by: CREATOR, content_kind: 'json', content_type: 'application/json', content_hash,
        content: Buffer.from(JSON.stringify(content)), content_size: content.length + 2, json_content: sql.json(content),
        metadata: sql.json(metadata), validation_run_id: status === 'draft' ? null : run_id, revision: 1,
        created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z',
        published_at: ['published', 'archived'].includes(status) ? '2026-01-02T00:00:00Z' : null,
      } // prettier-ignore
      await sql`insert into artifact_names (group_id, type, name, versioning, last_sequence) values (${OWNER_GROUP}, ${type}, ${name}, 'integer', 1)`
      await sql`
        insert into artifact_versions ${sql({ ...coordinates, artifact_id: id, created_by: CREATOR, content_hash, status, usage_policy, submitted: status !== 'draft' })}`
      if (status === 'archived') {
        const moved = { id: randomUUIDv7(), original_id: id, archived_by: CREATOR, archive_reason: 'archived' }
        await sql`insert into artifact_history ${sql({ ...row, ...moved })}`
      } else await sql`insert into artifact_active ${sql({ ...row, id, status })}`
      const open = status === 'on_verification'
      if (status !== 'draft')
        await sql`
          insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, requires_validation, deadline, checked_at)
          values (${run_id}, ${OWNER_GROUP}, ${id}, ${type}, ${content_hash}, 'submission', ${open ? 'held' : status === 'blocked' ? 'failed' : 'passed'},
                  true, now() + interval '1 day', ${open ? null : '2026-01-02T00:00:00Z'})`
      await sql`
        insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, actor, status, usage_policy,
                                     content_hash, created_by, was_published)
        values (${one.event_id}, ${OWNER_GROUP}, ${id}, ${type}, ${name}, ${version}, 1, 'created', ${CREATOR}, ${status}, ${usage_policy},
                ${content_hash}, ${CREATOR}, ${row.published_at !== null})`
      await sql`insert into event_feed (group_id, position, event_id) values (${OWNER_GROUP}, ${index + 1}, ${one.event_id})`
      await sql`
        insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state)
        values (${one.delivery_id}, ${OWNER_GROUP}, ${one.event_id}, 'created', 'somebody', ${one.name}, ${one.content}, 'exhausted')`
      await sql`
        insert into cleanup_plans (id, group_id, created_by, items)
        values (${one.plan_id}, ${OWNER_GROUP}, ${CREATOR}, ${sql.json([{ id, name, type, version, status: 'published', idle_since: '2026-01-01T00:00:00.000000Z', idle_ms: 2, ttl_ms: 1, bytes: 1, latest: false }])})`
    }
  })
  return targets
}
