import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Command, Model } from './lifecycle/model.ts'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const integers = Array.from({ length: 60 }, (_, n) => String(n + 1))
const semantic = ['0.9.0', '1.0.0-rc.1', '1.0.0', '1.1.0', '2.0.0-rc.1', '2.0.0-rc.2', '2.0.0']
const worlds = [
  { type: 'numbered', order: integers, asked: integers.slice(0, 4), chosen: true },
  { type: 'semantic', order: semantic, asked: semantic, chosen: false },
]

const verbs = ['edit', 'discard', 'send', 'cancel', 'revalidate', 'archive', 'restore', 'patch'] as const

function commands(asked: readonly string[], chosen: boolean): fc.Arbitrary<Command[]> {
  const version = fc.constantFrom(...asked)
  const how = fc.constantFrom('submit' as const, 'submit' as const, 'draft' as const)
  const create = fc.tuple(how, version).map(([to, one]): Command => ({ do: to, version: one }))
  const omitted = how.map((to): Command => ({ do: to }))
  const settle = fc.constantFrom('published' as const, 'published' as const, 'blocked' as const)
  const command = fc.oneof(
    { weight: 4, arbitrary: chosen ? fc.oneof(omitted, create) : create },
    { weight: 4, arbitrary: settle.map((as): Command => ({ do: 'settle', as })) },
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...verbs), version).map(([to, one]): Command => ({ do: to, version: one })) },
    { weight: 3, arbitrary: version.map((one): Command => ({ do: 'rollback', version: one })) },
    { weight: 2, arbitrary: fc.tuple(version, version).map(([one, to]): Command => ({ do: 'rollback', version: one, to })) },
  ) // prettier-ignore
  return fc.array(command, { minLength: 8, maxLength: 20 })
}

/** One life that meets every case; the random ones go on from here. */
const tour: Command[] = [
  { do: 'submit' }, { do: 'edit', version: '1' }, { do: 'settle', as: 'published' }, { do: 'submit' }, { do: 'settle', as: 'published' },
  { do: 'rollback', version: '1' }, { do: 'rollback', version: '2' }, { do: 'rollback', version: '1' }, { do: 'restore', version: '2' },
  { do: 'restore', version: '2' }, { do: 'submit', version: '2' }, { do: 'draft' }, { do: 'edit', version: '3' }, { do: 'patch', version: '3' },
  { do: 'discard', version: '3' }, { do: 'edit', version: '3' }, { do: 'draft' }, { do: 'send', version: '3' }, { do: 'patch', version: '3' },
  { do: 'cancel', version: '3' }, { do: 'revalidate', version: '3' }, { do: 'settle', as: 'blocked' }, { do: 'revalidate', version: '3' },
  { do: 'settle', as: 'published' }, { do: 'archive', version: '3' }, { do: 'rollback', version: '2', to: '4' },
] // prettier-ignore

let groups = 0
/** The answers that were given: a property that never meets a case proves nothing about it. */
const met = new Set<string>()

test.each(worlds)(
  'any sequence of commands on $type versions leads where the model says',
  async (world) => {
    const { type, order, asked, chosen } = world
    const property = fc.asyncProperty(commands(asked, chosen), async (sequence) => {
      const group = `${type}-${++groups}`
      const root = await api.as(group, 'root', 'admin')
      const model = new Model(order)
      for (const [index, command] of sequence.entries()) {
        const expected = model.apply(command)
        const answered = await ask(root, type, command, index)
        const said = `${index}: ${JSON.stringify(command)}`
        expect([said, answered]).toEqual([said, { code: undefined, ...expected }])
        met.add(`${command.do} ${expected.status} ${expected.code ?? ''}`)
        expect([said, await standing(root)]).toEqual([
          said,
          {
            latest: model.latest(),
            versions: Object.fromEntries([...model.versions].map(([v, { status }]) => [v, status])),
          },
        ])
      }
      await requireSound(group)
    })
    await fc.assert(property, { numRuns: 15, examples: chosen ? [[tour]] : [] })
  },
  120_000,
)

test('the sequences have met every success and every refusal', () => {
  expect([...met]).toEqual(
    expect.arrayContaining([
      'submit 202 ', 'draft 201 ', 'submit 409 version-exists', 'edit 200 ', 'edit 409 wrong-status', 'discard 204 ',
      'send 202 ', 'cancel 200 ', 'revalidate 202 ', 'archive 200 ', 'restore 200 ', 'restore 409 wrong-status', 'patch 200 ',
      'rollback 200 ', 'rollback 409 not-latest', 'rollback 409 no-prior-version', 'rollback 409 not-restorable', 'edit 404 not-found',
    ]),
  ) // prettier-ignore
})

const at = (type: string, version: string, below = '') => `/artifacts/thing/${version}${below}?type=${type}`

async function ask(by: Caller, type: string, command: Command, content: number) {
  if (command.do === 'settle') {
    await api.settleAll(command.as)
    return { status: 0, code: undefined }
  }
  const res = await send(by, type, command, content)
  const code = res.ok ? undefined : ((await res.json()) as { type: string }).type.split(':').at(-1)
  return { status: res.status, code }
}

function send(
  by: Caller,
  type: string,
  command: Exclude<Command, { do: 'settle' }>,
  content: number,
): Promise<Response> {
  switch (command.do) {
    case 'submit':
    case 'draft':
      return by.submit({ name: 'thing', type, content, draft: command.do === 'draft', ...(command.version ? { version: command.version } : {}) }) // prettier-ignore
    case 'edit':
      return by.send('PUT', at(type, command.version), { content })
    case 'discard':
      return by.send('DELETE', at(type, command.version))
    case 'patch':
      return by.send('PATCH', at(type, command.version, '/meta'), { metadata: { content } })
    case 'rollback':
      return by.send('POST', at(type, command.version, '/rollback'), command.to ? { to_version: command.to } : {})
    case 'send':
      return by.send('POST', at(type, command.version, '/submit'))
    case 'cancel':
    case 'revalidate':
    case 'archive':
    case 'restore':
      return by.send('POST', at(type, command.version, `/${command.do}`))
  }
}

async function standing(by: Caller) {
  const [listed, latest] = await Promise.all([by.get('/artifacts/thing/versions'), by.get('/artifacts/thing')])
  const { items = [] } = (await listed.json()) as { items?: { version: string; status: string }[] }
  const { version } = (await latest.json()) as { version?: string }
  return { latest: version, versions: Object.fromEntries(items.map((item) => [item.version, item.status])) }
}

/** What holds of the rows after whatever happened. */
async function requireSound(group: string): Promise<void> {
  const [told] = await api.database.admin<{ gapless: boolean; twice: number; astray: number }[]>`
    with rows as (
      select id, version, status from artifact_active where group_id = ${group}
      union all
      select original_id, version, status from artifact_history where group_id = ${group} and restored_at is null)
    select coalesce((select max(sequence) = count(*) from artifact_events where group_id = ${group}), true) as gapless,
           (select count(*)::int from (select id from rows group by id having count(*) > 1) t) as twice,
           (select count(*)::int from artifact_versions v full join rows r on r.id = v.artifact_id and r.version = v.version
             where coalesce(v.group_id, ${group}) = ${group} and v.status is distinct from r.status) as astray`
  expect(told).toEqual({ gapless: true, twice: 0, astray: 0 })
}
