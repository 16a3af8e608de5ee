import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listSuperseded } from '@keepr/db/artifacts/list-superseded'
import type { Db } from '@keepr/db/connect'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { compareVersions, latestVersion } from '@keepr/shared/domain/version'

let database: TestDatabase
let db: Db
let names = 0
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_validation')
})
afterAll(() => database[Symbol.asyncDispose]())

/** Publishes versions one after the other. @returns which a publication pushes out, that of `publication` */
async function superseded(versions: string[], publication: string, maxPublished: number, limit = 100) {
  const name = `name-${(names += 1)}`
  const rows = await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    return await sql<{ id: string; version: string }[]>`
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
                                   content_size, content_hash, content, published_at)
      select gen_random_uuid(), 'acme', 'prompt', ${name}, version, 'published', 'internal_only', 'alice', 'text', 'text/plain', 1,
             repeat('0', 64), 'x', now() + place * interval '1 second'
        from unnest(${versions}::text[]) with ordinality as given (version, place)
      returning id, version`
  })
  const id = rows.find(({ version }) => version === publication)?.id ?? ''
  const asked = { id, group_id: 'acme', type: 'prompt', name }
  const ids = await db.withService('acme', (tx) => listSuperseded(tx, asked, { maxPublished, limit }))
  return ids.map((left) => rows.find((row) => row.id === left)?.version)
}

it('the lowest versions beyond the number leave, by value and not by text', async () => {
  expect(await superseded(['9', '10', '2', '11'], '11', 2)).toEqual(['2', '9'])
  expect(await superseded(['1.0.0', '1.9.0', '1.10.0'], '1.10.0', 2)).toEqual(['1.0.0'])
  expect(await superseded(['1', '2'], '2', 2)).toEqual([])
})

it('neither the latest nor the version just published leaves, even if that keeps one too many', async () => {
  expect(await superseded(['1.0.0', '2.0.0', '0.5.0'], '0.5.0', 1)).toEqual(['1.0.0'])
  expect(await superseded(['1.0.0', '2.0.0-rc.1'], '2.0.0-rc.1', 1)).toEqual([])
  expect(await superseded(['2.0.0-rc.1', '2.0.0-rc.2'], '2.0.0-rc.2', 1)).toEqual(['2.0.0-rc.1'])
})

it('what was published since is not for this publication to push out', async () => {
  expect(await superseded(['2', '3', '4', '1'], '4', 2)).toEqual(['2'])
})

it('so many leave at once, the lowest first', async () => {
  expect(await superseded(['5', '4', '3', '2', '1', '6'], '6', 2, 3)).toEqual(['1', '2', '3'])
})

it('at most N stay, or two where the latest is not the one just published', async () => {
  const version = fc
    .tuple(fc.nat(3), fc.nat(12), fc.constantFrom('', '-rc.1', '-rc.2', '-rc.10'))
    .map(([major, minor, pre]) => `${major}.${minor}.0${pre}`)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(version, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 6 }),
      async (versions, maxPublished) => {
        const publication = versions.at(-1) ?? ''
        const left = await superseded(versions, publication, maxPublished)
        const kept = [publication, latestVersion(versions)]
        const others = versions.filter((one) => !kept.includes(one)).toSorted(compareVersions)
        expect(left).toEqual(others.slice(0, Math.max(0, versions.length - maxPublished)))
      },
    ),
    { numRuns: 60 },
  )
})
