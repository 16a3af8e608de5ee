import { randomBytes } from 'node:crypto'
import { connect, type Db } from '@keepr/db/connect'
import { migrate } from '@keepr/db/migrate'
import { testPasswords } from '@keepr/dev-env/testing/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from './start-api.ts'

/** Unlike the database of all other tests it sorts text as a language does, as most servers do, and not by its bytes; it writes dates so too. */
const name = `of_a_language_${randomBytes(6).toString('hex')}`

let api: TestApi
let db: Db
beforeAll(async () => {
  api = await startApi({}, async ({ admin, adminUrl, urlOf }) => {
    await admin`create database ${admin(name)} template template0 locale_provider icu icu_locale 'en-US' locale 'C'`
    await admin`alter database ${admin(name)} set datestyle = 'German, DMY'`
    const there = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href
    await migrate({ databaseUrl: there(adminUrl), passwords: testPasswords })
    db = connect({
      url: there(urlOf('keepr_api')),
      applicationName: 'test-order',
      poolSize: 2,
      connectTimeoutMs: 5000,
      statementTimeoutMs: 15_000,
      lockTimeoutMs: 10_000,
    })
    return db
  })
})
afterAll(async () => {
  await db.close()
  await api.database.admin`drop database ${api.database.admin(name)} with (force)`
  await api[Symbol.asyncDispose]()
})

test('a time is written by RFC 3339, however the database would', async () => {
  const alice = await api.as('acme', 'alice')
  const made = await alice.submit({ name: 'dated', type: 'note', content: 'x', draft: true })
  const items = (await (await alice.get('/artifacts/?type=note')).json()) as { items: unknown[] } // SAFETY: a page.
  for (const one of [await made.json(), ...items.items])
    expect(one).toMatchObject({ created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/u) })
})

test('names are found by how they begin and paged by name, each once, also where text has the order of a language', async () => {
  const alice = await api.as('acme', 'alice')
  const names = ['a', 'a-b', 'a-B', 'a.b', 'a1', 'A', 'A-b', 'aa', 'Aa', 'b']
  for (const one of names) await alice.submit({ name: one, type: 'prompt', content: 1, draft: true })
  const listed = async (question: string) => {
    const found: string[] = []
    for (let path: string | undefined = `/artifacts/?limit=2&${question}`; path !== undefined;) {
      const res: Response = await alice.get(path)
      // SAFETY: a page as the route describes it.
      const { items } = (await res.json()) as { items: { name: string }[] }
      found.push(...items.map((item) => item.name))
      path = /<([^>]+)>/u.exec(res.headers.get('link') ?? '')?.[1]
    }
    return found.toSorted()
  }
  for (const prefix of ['a', 'a-', 'a.', 'A', 'a-b', 'b'])
    for (const sort of ['name', '-created_at'])
      expect(await listed(`name=${prefix}*&sort=${sort}`)).toEqual(
        names.filter((one) => one.startsWith(prefix)).toSorted(),
      )
  expect(await listed('type=prompt&sort=name')).toEqual(names.toSorted())
})
