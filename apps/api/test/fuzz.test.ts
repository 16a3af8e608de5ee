import { fc } from '@fast-check/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { type Described, type FuzzRequest, type Operation, requestsFor } from './fuzz/requests.ts'
import { type Caller, startApi, type TestApi } from './start-api.ts'

// FUZZ_SECONDS=600 FUZZ_SEED=$RANDOM for a long run elsewhere. Each failure prints the seed and the shortest request that shows it.
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 20)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)

let api: TestApi
let ids: string[]
let callers: Caller[]
let operations: Described[]

beforeAll(async () => {
  api = await startApi()
  const [alice, root, eve, carl, olga] = await Promise.all([
    api.as('acme', 'alice'),
    api.as('acme', 'root', 'admin'),
    api.as('evil', 'eve', 'admin'),
    api.as('acme', 'carl', 'consumer'),
    api.as('acme', 'olga', 'operator'),
  ])
  callers = [alice, alice, alice, root, root, root, eve, carl, olga, api.bearer(undefined)]
  const answer = await createApp(api.ctx).request('/openapi.json')
  // SAFETY: openapi.test.ts holds that it is a description.
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> }
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  ids = []
  const submissions = [
    ...[1, 2, 3].map((n) => ({ name: 'greeting', type: 'prompt', content: { n } })),
    { name: 'note', type: 'note', content: 'one\ntwo' },
    { name: 'note', type: 'note', content: 'one\nthree' },
    { name: 'weights', type: 'blob', content_base64: 'QUJD' },
    { name: 'shared', type: 'prompt', content: 1, usage_policy: 'public' },
    { name: 'numbered', type: 'numbered', content: 'x' },
  ]
  for (const body of submissions) {
    const submitted = await (eve && body.name === 'shared' ? eve : alice).submit(body)
    // SAFETY: an artifact was answered, or the id is no text and every request with it fails.
    ids.push(((await submitted.json()) as { id: string }).id)
    await api.settleAll()
  }
  await alice.submit({ name: 'sketch', type: 'prompt', content: 'a draft', draft: true })
}, 60_000)
afterAll(() => api[Symbol.asyncDispose]())

test(
  `the description is kept to, whatever is asked (${seconds} s, seed ${seed})`,
  async () => {
    const answered = new Map<string, number>()
    const requests = fc.oneof(...operations.map((one) => requestsFor(one, ids, callers.length)))
    const property = fc.asyncProperty(requests, async (request) => {
      const answer = await ask(request)
      const said = `${request.operationId} ${answer.status}`
      answered.set(said, (answered.get(said) ?? 0) + 1)
    })
    let rest = 0
    property.beforeEach(async (previous) => {
      await previous()
      if (rest++ % 25 === 0) await api.settleAll()
    })
    await fc.assert(property, {
      seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    })
    const total = [...answered.values()].reduce((sum, count) => sum + count, 0)
    process.stdout.write(`${total} requests, ${answered.size} different answers of ${operations.length} operations\n`)
    // Otherwise it would only have knocked at doors: every operation is reached, and most have done what they do.
    const done = operations.filter(({ operation }) =>
      [...answered.keys()].some((said) => said.startsWith(`${operation.operationId} 2`)),
    )
    expect(total).toBeGreaterThan(100)
    expect(done.length).toBeGreaterThan(operations.length / 2)
  },
  (seconds + 60) * 1000,
)

/** Asks through the checker of start-api.ts, which compares every answer with docs/api/openapi.json. */
async function ask({ method, path, headers, body, as }: FuzzRequest): Promise<Response> {
  const caller = callers[as]
  if (!caller) throw new Error('there is no such caller')
  const answer = await caller.send(method, path, body, { ...headers })
  if (answer.status >= 500) throw new Error(`${method} ${path} → ${answer.status}: ${await answer.text()}`)
  return answer
}
