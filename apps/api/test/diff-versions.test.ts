import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi({ MAX_TEXT_BYTES: '2MiB' })
  alice = await api.as('acme', 'alice')
})
afterAll(() => api[Symbol.asyncDispose]())

/** The diff of two drafts, the first and second version of a name. */
async function diffOf(type: string, ...contents: [object, object]): Promise<Record<string, unknown>> {
  const name = `diff-${crypto.randomUUID()}`
  for (const content of contents) {
    expect((await alice.submit({ name, type, draft: true, ...content })).status).toBe(201)
  }
  const answer = await alice.get(`/artifacts/${name}/diff?from=1&to=2`)
  expect(answer.status).toBe(200)
  // SAFETY: the diff of two versions.
  return (await answer.json()) as Record<string, unknown>
}
const text = (lines: number, word: string) => Array.from({ length: lines }, (_, n) => `${word} ${n}\n`).join('')

test('texts of which every line changed have a diff too', async () => {
  const diff = await diffOf('note', { content: text(2600, 'old') }, { content: text(2600, 'new') })
  expect(diff).toMatchObject({ kind: 'text', equal: false })
  expect(diff).not.toHaveProperty('not_compared')
  expect(diff['unified']).toMatch(/^@@ -1,2600 \+1,2600 @@\n(?:-old \d+\n){2600}(?:\+new \d+\n){2600}$/mu)
})

test('a value with very many differences is replaced as a whole', async () => {
  const numbers = (first: number) => Array.from({ length: 100_000 }, (_, n) => first + n)
  const diff = await diffOf('prompt', { content: { a: 1, list: numbers(0) } }, { content: { a: 2, list: numbers(1) } })
  expect(diff).toMatchObject({ summary: { added: 0, removed: 0, replaced: 2 } })
  expect(diff['patch']).toEqual([
    { op: 'replace', path: '/a', value: 2 },
    { op: 'replace', path: '/list', value: numbers(1) },
  ])
})

test('content that is not compared says why', async () => {
  expect(await diffOf('blob', { content_base64: 'AAEC' }, { content_base64: 'AAED' })).toMatchObject({
    kind: 'binary',
    not_compared: 'binary',
  })
  const large = await diffOf('note', { content: 'x' }, { content: 'x'.repeat(1024 * 1024 + 1) })
  expect(large).toMatchObject({ equal: false, not_compared: 'too_large', to: { content_size: 1024 * 1024 + 1 } })
  expect(large).not.toHaveProperty('unified')
})

test('others are answered while many large contents are compared', async () => {
  const name = `diff-${crypto.randomUUID()}`
  for (const word of ['old', 'new']) {
    const content = text(90_000, word)
    expect((await alice.submit({ name, type: 'note', draft: true, content })).status).toBe(201)
  }
  let compared = 0
  const diff = async () => {
    const answer = await alice.get(`/artifacts/${name}/diff?from=1&to=2`)
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
    compared += 1
  }
  const diffs = Array.from({ length: 30 }, diff)
  const between: number[] = []
  while (compared < diffs.length) {
    const before = compared
    expect((await alice.get('/artifacts/?limit=1')).status).toBe(200)
    between.push(compared - before)
  }
  await Promise.all(diffs)
  expect(Math.max(...between)).toBeLessThan(5)
})
