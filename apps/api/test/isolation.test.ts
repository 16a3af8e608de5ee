import { decide } from '@keepr/shared/domain/access'
import { connect } from '@keepr/db/connect'
import type { TestDatabase } from '@keepr/dev-env/testing/database'
import { expandRoles, ROLES, type Role } from '@keepr/shared/domain/role'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as v from 'valibot'
import type { Route } from '../src/http/route.ts'
import { routes } from '../src/routes/index.ts'
import { ABOUT_NOTHING, type Probe, probesOf } from './isolation/probes.ts'
import { type Stripped, stripGroupFilters } from './isolation/strip-group-filters.ts'
import { CREATOR, missing, OWNER_GROUP, seedWorld, type Target } from './isolation/world.ts'
import { type Caller, startApi, type TestApi } from './start-api.ts'

type Seat = { group: string; user: string; role: Role }
type Layers = {
  name: string
  roles: readonly Role[]
  connectTo?: (database: TestDatabase) => Promise<ReturnType<typeof connect>>
}

let stripped: Stripped | undefined
const layers: Layers[] = [
  { name: 'both layers', roles: ROLES },
  {
    name: 'row-level security alone, the group filters taken out of every statement',
    roles: ['admin'],
    connectTo: async (database) => {
      stripped = await stripGroupFilters(database.urlOf('keepr_api'))
      return connect({ url: stripped.url, applicationName: 'test-stripped', poolSize: 10, connectTimeoutMs: 5000, statementTimeoutMs: 15_000, lockTimeoutMs: 10_000 }) // prettier-ignore
    },
  },
  {
    name: 'the filters of the API alone, row-level security switched off',
    roles: ['admin'],
    connectTo: async (database) => {
      const tables = await database.admin<{ relname: string }[]>`
        select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relrowsecurity`
      for (const { relname } of tables)
        await database.admin`alter table ${database.admin(relname)} disable row level security`
      return database.connectAs('keepr_api', 10)
    },
  },
]

/** What an outsider may do with a published, public artifact: everything else ends at the own group. */
const openToAll = new Set(['getArtifactById', 'getContentById', 'getLatestArtifact', 'listVersions', 'diffVersions', 'getVersion', 'getContent', 'explainAccess', 'submitArtifact']) // prettier-ignore

describe.each(layers)('$name', { timeout: 120_000 }, ({ roles, connectTo }) => {
  let api: TestApi
  let targets: Target[]
  let strangers = 0
  const before = new Map<string, string>()

  const callerFor = async ({ group, user, role }: Seat): Promise<Caller> => await api.as(group, user, role)
  /** A group that nobody has been in: what one request leaves behind cannot colour the next. */
  const stranger = (role: Role): Seat => ({ group: `stranger-${++strangers}`, user: CREATOR, role })

  beforeAll(async () => {
    api = await startApi({}, connectTo)
    for (const [key, answer] of await wholeAnswers()) before.set(key, answer)
    targets = await seedWorld(api.database)
  })
  afterAll(async () => {
    await api.ctx.db.close()
    await api[Symbol.asyncDispose]()
    await stripped?.[Symbol.asyncDispose]()
    stripped = undefined
  })

  /** What operations that can name no artifact answer to a stranger. */
  async function wholeAnswers(): Promise<[string, string][]> {
    const asked = routes.filter(
      (route) => !route.open && ABOUT_NOTHING.has(route.operationId) && route.method === 'get',
    )
    const paths = [...asked.map(({ path }) => path), '/artifacts', '/artifacts?status=archived', '/webhooks/deliveries']
    const answers = roles.flatMap((role) =>
      paths.map(async (path): Promise<[string, string]> => [
        `${role} ${path}`,
        await told(await (await callerFor(stranger(role))).get(path)),
      ]),
    )
    const cleanups = roles.map(async (role): Promise<[string, string]> => [
      `${role} cleanup`,
      // What is public is offered to everybody: without the filters it may turn up here as well.
      withoutIds(
        await told(await (await callerFor(stranger(role))).send('POST', '/artifacts/cleanup', { ttl: '1d' })),
      ).replace(/\{[^{}]*there-published-pub[^{}]*\}/u, ''),
    ])
    return await Promise.all([...answers, ...cleanups])
  }

  test('lists, feeds and suggestions tell a stranger nothing of what has come into the world', async () => {
    expect(new Map(await wholeAnswers())).toEqual(before)
    expect(before.size).toBeGreaterThan(0)
  })

  const outsiders = roles.map((role) => [role] as const)
  test.each(outsiders)('of another group, as %s: what is there is answered as what is not', async (role) => {
    const differences: string[] = []
    let compared = 0
    for (const target of targets) {
      const isPublic = target.status === 'published' && target.usage_policy === 'public'
      for (const { operationId, pairs } of pairsAbout(target)) {
        if (isPublic && role !== 'operator' && openToAll.has(operationId)) continue
        compared += pairs.length
        differences.push(...(await differencesOf(pairs, target, () => stranger(role))))
      }
    }
    expect(differences.slice(0, 3)).toEqual([])
    expect(compared).toBeGreaterThan(targets.length * routes.length)
  })

  const insiders: [string, Seat][] = [
    ['a consumer', { group: OWNER_GROUP, user: 'carl', role: 'consumer' }],
    ['the creator, who is only a consumer now', { group: OWNER_GROUP, user: CREATOR, role: 'consumer' }],
    ['another author', { group: OWNER_GROUP, user: 'bob', role: 'author' }],
    ['an operator', { group: OWNER_GROUP, user: 'olga', role: 'operator' }],
  ]
  // Two stand for all where one layer is looked at alone.
  test.each(insiders.filter((_, index) => roles.length > 1 || index % 2 === 0))(
    'of the own group, %s: what is hidden is answered as what is not there',
    async (_who, seat) => {
      const actor = { groupId: seat.group, userId: seat.user, roles: expandRoles([seat.role]) }
      const differences: string[] = []
      for (const target of targets) {
        const subject = {
          groupId: OWNER_GROUP,
          createdBy: CREATOR,
          status: target.status,
          usagePolicy: target.usage_policy,
        }
        if (decide('read', actor, subject).outcome !== 'hidden') continue
        for (const { operationId, pairs } of pairsAbout(target)) {
          // A used version stays used for the whole group: its number may be missed, nothing else (spec.md, section 3).
          if (operationId === 'submitArtifact' || operationId === 'redeliver' || operationId === 'cleanUpArtifacts')
            continue
          differences.push(...(await differencesOf(pairs, target, () => seat)))
        }
      }
      expect(differences).toEqual([])
    },
  )

  test('those who may see it do get another answer from each of these requests', async () => {
    const silent: string[] = []
    for (const { operationId } of routes.filter((route) => !ABOUT_NOTHING.has(route.operationId))) {
      let found = 0
      for (const target of targets) {
        const { pairs } = pairsAbout(target).find((one) => one.operationId === operationId) ?? { pairs: [] }
        found += (await differencesOf(pairs, target, () => ({ group: OWNER_GROUP, user: CREATOR, role: 'admin' })))
          .length
        if (found > 0) break
      }
      if (found === 0) silent.push(operationId)
    }
    expect(silent).toEqual([])
  })

  if (connectTo && layers[1]?.connectTo === connectTo)
    test('the filters were indeed taken out', () => expect(stripped?.removed()).toBeGreaterThan(50))

  type Pair = { there: Probe; wrong: Probe; other: Target }

  function pairsAbout(target: Target): { operationId: string; pairs: Pair[] }[] {
    const other = missing(target)
    return routes.map((route) => {
      const wrong = probesOf(route, other)
      const pairs = probesOf(route, target).map((there, index): Pair => {
        const counterpart = wrong[index]
        if (!counterpart) throw new Error('both targets give the same number of requests')
        return { there, wrong: counterpart, other }
      })
      return { operationId: route.operationId, pairs }
    })
  }

  async function differencesOf(pairs: readonly Pair[], target: Target, seat: () => Seat): Promise<string[]> {
    const compared = await Promise.all(
      pairs.map(async ({ there, wrong, other }) => {
        const ask = async ({ method, path, body }: Probe) =>
          await told(await (await callerFor(seat())).send(method, path, body))
        const [one, two] = await Promise.all([ask(there), ask(wrong)])
        const alike = neutral(one, target) === neutral(two, other)
        return alike ? [] : [`${there.method} ${there.path} ${JSON.stringify(there.body)}\n  ${one}\n  ${two}`]
      }),
    )
    return compared.flat()
  }
})

test('an operation that takes what is not known here is an error, so that nothing is added without being tried', () => {
  const known = routes.find(({ operationId }) => operationId === 'getVersion')
  if (!known) throw new Error('the operation getVersion is gone')
  const about = missing({ name: 'there', status: 'draft', usage_policy: 'public' })
  expect(probesOf(known, about).length).toBeGreaterThan(0)
  const added: Partial<Route>[] = [
    { path: '/artifacts/:name/:branch' },
    { query: v.strictObject({ owner: v.optional(v.string()) }) },
    { operationId: 'mergeArtifacts', body: v.strictObject({ other_id: v.string() }) },
    { operationId: 'submitDraft', body: v.strictObject({ other_id: v.string() }) },
    { operationId: 'countArtifacts', path: '/artifacts/count', query: undefined },
  ]
  for (const change of added) expect(() => probesOf({ ...known, ...change }, about)).toThrow('probes.ts')
})

/** All of an answer that the caller can see, but what differs between any two answers. */
async function told(res: Response): Promise<string> {
  const headers = [...res.headers]
    .filter(([name]) => name !== 'x-request-id')
    .map((pair) => pair.join(': '))
    .toSorted()
  const body = (await res.text()).replace(/"request_id":"[^"]+"/u, '"request_id":""')
  return JSON.stringify([res.status, headers, body])
}

/**
 * A refusal is compared as it is. What a write of one's own tells carries ids, times and the asked name and hash: those
 * give way to one word each.
 */
function neutral(answer: string, { name, content_hash }: Target): string {
  if (answer.startsWith('[4')) return answer
  return withoutIds(answer.replaceAll(name, 'NAME').replaceAll(content_hash, 'HASH'))
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, 'TIME')
    .replaceAll(/ID\.\d+\.[\w-]+/gu, 'TAG')
    .replaceAll(/stranger-\d+/gu, 'GROUP')
    .replaceAll(/(ID\.\d+)\.[0-9a-f]{16}\b/gu, '$1.PROGRESS') // part of the tag while a run is open
}

const withoutIds = (text: string) =>
  text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/gu, 'ID')
