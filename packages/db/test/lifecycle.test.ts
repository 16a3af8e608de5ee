import { readFileSync } from 'node:fs'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { STATUSES, transitions } from '@keepr/shared/domain/lifecycle'
import { afterAll, beforeAll, expect, test } from 'vitest'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const page = readFileSync(new URL('../../../docs/lifecycle.md', import.meta.url), 'utf8')
const arrow = (from: string, to: string) => `${from} → ${to}`
const inCode = transitions.map(({ from, to }) => arrow(from, to)).toSorted()

test('the lifecycle is the same in the code, in the database and on its page', async () => {
  const inDatabase = await database.admin<{ from: string; to: string }[]>`
    select "from", "to"
      from unnest(${[...STATUSES]}::text[]) as "from" cross join unnest(${[...STATUSES]}::text[]) as "to"
     where lifecycle_allows("from", "to")`
  const inTable = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \| [\w, ]+ \|/gmu)]
  const inDiagram = [...page.matchAll(/^ {2}(\w+) --> (\w+) : /gmu)]
  expect({
    database: inDatabase.map(({ from, to }) => arrow(from, to)).toSorted(),
    table: inTable.map(([, from = '', to = '']) => arrow(from, to)).toSorted(),
    diagram: inDiagram.map(([, from = '', to = '']) => arrow(from, to)).toSorted(),
  }).toEqual({ database: inCode, table: inCode, diagram: inCode })
})

test('the states are the same in the code, in the database and on its page', async () => {
  const checks = await database.admin<{ definition: string }[]>`
    select pg_get_constraintdef(oid) as definition from pg_constraint
     where conname in ('status_is_known', 'history_is_archived')`
  const inDatabase = checks.flatMap(({ definition }) =>
    [...definition.matchAll(/'(\w+)'::text/gu)].map(([, one]) => one),
  )
  const inTable = [...page.matchAll(/^\| `(\w+)` \| (?!`)[^|]+\|[^|]+\|$/gmu)].map(([, one = '']) => one)
  const states = [...STATUSES].toSorted()
  expect({ database: inDatabase.map(String).toSorted(), table: inTable.toSorted() }).toEqual({
    database: states,
    table: states,
  })
})

/** What the function allows is what the triggers let happen: each move is tried on a row. */
test('the triggers refuse what the table does not allow, whoever writes', async () => {
  for (const from of STATUSES.filter((status) => status !== 'archived'))
    for (const to of STATUSES.filter((status) => status !== from && status !== 'archived')) {
      const allowed = inCode.includes(arrow(from, to))
      const refusal = await tryMove(from, to)
      const lifecycle = refusal === 'lifecycle_allows_the_move'
      expect([arrow(from, to), lifecycle]).toEqual([arrow(from, to), !allowed])
    }
})

/** Tries one update as the superuser, whom no policy binds and every trigger does; it is always taken back. */
async function tryMove(from: string, to: string): Promise<string | undefined> {
  const undone = new Error('undone')
  let refusal: string | undefined
  await database.admin
    .begin(async (sql) => {
      await sql`set local session_replication_role = replica`
      await sql`
        insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
        values ('acme', 'note', 'moved', '1', '019ab1de-7c00-7000-8000-000000000001', 'alice', encode(sha256('x'), 'hex'), ${from}, 'public', true)`
      await sql`
        insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
                                     content_size, content_hash, content, validation_run_id, published_at)
        values ('019ab1de-7c00-7000-8000-000000000001', 'acme', 'note', 'moved', '1', ${from}, 'public', 'alice', 'text', 'text/plain',
                1, encode(sha256('x'), 'hex'), 'x', '019ab1de-7c00-7000-8000-000000000002', now())`
      await sql`set local session_replication_role = origin`
      const moved = sql`update artifact_active set status = ${to} where name = 'moved'`
      refusal = await moved.then(
        () => undefined,
        (error: unknown) =>
          error instanceof Error && 'constraint_name' in error ? String(error.constraint_name) : 'other',
      )
      throw undone
    })
    .catch((error: unknown) => {
      if (error !== undone && refusal === undefined) throw error
    })
  return refusal
}
