import { createHash, randomUUIDv7 } from 'node:crypto'
import type { Db } from '@keepr/db/connect'
import { insertRuns } from '@keepr/db/validation-runs/insert-runs'
import type { TestDatabase } from '@keepr/dev-env/testing/database'

export type Submitted = { id: string; run_id: string; group_id: string; type: string; name: string; version: string }
type Wanted = Partial<Omit<Submitted, 'id' | 'run_id'>> & {
  content?: string
  requires_validation?: boolean
  deadlineMs?: number
}

/** A consistent row that waits for its verdict, with its run and message, as a submission leaves them. */
export async function submitted(database: TestDatabase, api: Db, wanted: Wanted = {}): Promise<Submitted> {
  const { group_id = 'acme', type = 'checked', name = `artifact-${randomUUIDv7()}`, version = '1' } = wanted
  const content = Buffer.from(wanted.content ?? '{"prompt":"hello"}')
  const hash = createHash('sha256').update(content).digest('hex')
  const [id, run_id] = [randomUUIDv7(), randomUUIDv7()]
  await database.admin.begin(async (sql) => {
    await sql`
      insert into artifact_names (group_id, type, name, versioning) values (${group_id}, ${type}, ${name}, 'integer')
      on conflict do nothing`
    await sql`
      insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
      values (${group_id}, ${type}, ${name}, ${version}, ${id}, 'alice', ${hash}, 'on_verification', 'internal_only', true)`
    await sql`
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                   content_type, content_size, content_hash, content, json_content, validation_run_id)
      values (${id}, ${group_id}, ${type}, ${name}, ${version}, 'on_verification', 'internal_only', 'alice', 'json',
              'application/json', ${content.length}, ${hash}, ${content}, ${content.toString()}::text::jsonb, ${run_id})`
  })
  await api.withActor({ groupId: group_id, userId: 'alice', roles: ['author', 'consumer'] }, (tx) =>
    insertRuns(tx, [
      {
        id: run_id,
        group_id,
        artifact_id: id,
        artifact_type: type,
        content_hash: hash,
        kind: 'submission',
        requires_validation: wanted.requires_validation ?? true,
        deadlineMs: wanted.deadlineMs ?? 86_400_000,
      },
    ]),
  )
  return { id, run_id, group_id, type, name, version }
}
