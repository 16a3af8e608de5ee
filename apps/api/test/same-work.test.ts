import { connect } from '@keepr/db/connect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routes } from '../src/routes/index.ts'
import { type Probe, probesOf } from './isolation/probes.ts'
import { type Watched, watchStatements } from './isolation/watch-statements.ts'
import { missing, OWNER_GROUP, seedWorld, type Target } from './isolation/world.ts'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let watched: Watched
let targets: Target[]
let executed = 0
beforeAll(async () => {
  api = await startApi({}, async (database) => {
    watched = await watchStatements(database.urlOf('keepr_api'), { onExecute: () => (executed += 1) })
    return connect({ url: watched.url, applicationName: 'test-watched', poolSize: 1, connectTimeoutMs: 5000, statementTimeoutMs: 15_000, lockTimeoutMs: 10_000 }) // prettier-ignore
  })
  targets = await seedWorld(api.database)
  await (await api.as(OWNER_GROUP, 'alice')).get('/artifacts') // a new connection asks what types there are
})
afterAll(async () => {
  await api.ctx.db.close()
  await api[Symbol.asyncDispose]()
  await watched[Symbol.asyncDispose]()
})

/** Counts instead of times: a clock would have to be believed with a margin, and this cannot be wrong by chance. */
async function statementsFor(caller: Caller, { method, path, body }: Probe): Promise<number> {
  const before = executed
  await (await caller.send(method, path, body)).text()
  return executed - before
}

const hiddenFrom: [string, string, string, string, (target: Target) => boolean][] = [
  ['another group', 'umbrella', 'alice', 'admin', ({ usage_policy }) => usage_policy === 'internal_only'],
  ['a consumer', OWNER_GROUP, 'carl', 'consumer', ({ status }) => status === 'draft' || status === 'archived'],
  ['another author', OWNER_GROUP, 'bob', 'author', ({ usage_policy }) => usage_policy === 'restricted'],
]
test.each(hiddenFrom)(
  'what is hidden from %s costs as many statements as what is not there',
  { timeout: 60_000 },
  async (_who, group, user, role, hidden) => {
    const caller = await api.as(group, user, role)
    const differences: string[] = []
    let asked = 0
    for (const target of targets.filter(hidden)) {
      for (const route of routes) {
        // What takes a version or a place in a plan of one's own does something: that both are the same is compared elsewhere.
        if (route.operationId === 'submitArtifact' || route.operationId === 'cleanUpArtifacts') continue
        const wrong = probesOf(route, missing(target))
        for (const [index, there] of probesOf(route, target).entries()) {
          const counterpart = wrong[index]
          if (!counterpart) throw new Error('both targets give the same number of requests')
          const counts = [await statementsFor(caller, there), await statementsFor(caller, counterpart)]
          asked += counts[0] ?? 0
          if (counts[0] !== counts[1]) differences.push(`${there.method} ${there.path}: ${counts.join(' and ')}`)
        }
      }
    }
    expect(differences).toEqual([])
    expect(asked).toBeGreaterThan(100)
  },
)

test('a read of one version is one statement, in one round trip', async () => {
  const alice = await api.as(OWNER_GROUP, 'alice', 'admin')
  expect(await statementsFor(alice, { method: 'GET', path: '/artifacts/there-published-int/7' })).toBe(1)
})
