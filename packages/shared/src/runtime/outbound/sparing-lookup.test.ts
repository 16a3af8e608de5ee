import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Lookup } from './guarded-agent.ts'
import { sparingLookup } from './sparing-lookup.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const options = { all: true } as const
const here = [{ address: '127.0.0.1', family: 4 }]
const notFound = Object.assign(new Error('not found'), { code: 'EAI_AGAIN' })

/** Names that are being looked up, each answered by hand. */
function lookingUp() {
  const open: { name: string; answer: (error: Error | null) => Promise<unknown> }[] = []
  const lookup: Lookup = (name, _options, callback) => {
    const answer = (error: Error | null) => {
      open.splice(open.indexOf(entry), 1)
      callback(error, error ? [] : here)
      return vi.advanceTimersByTimeAsync(0)
    }
    const entry = { name, answer }
    open.push(entry)
  }
  const sparing = sparingLookup(lookup)
  const ask = (name: string) =>
    new Promise((resolve) => sparing(name, options, (error, addresses) => resolve(error ?? addresses)))
  return { open, names: () => open.map(({ name }) => name), ask }
}

test('a name is looked up once for all who ask for it meanwhile, and anew afterwards', async () => {
  const { open, names, ask } = lookingUp()
  const asked = Array.from({ length: 16 }, () => ask('one.test'))
  expect(names()).toEqual(['one.test'])
  await open[0]?.answer(null)
  expect(await Promise.all(asked)).toEqual(asked.map(() => here))
  void ask('one.test')
  expect(names()).toEqual(['one.test'])
})

test('names that hang are looked up one at a time and keep no other waiting, until they are found', async () => {
  const { open, names, ask } = lookingUp()
  const dead = ['a.test', 'b.test', 'c.test']
  const first = dead.map(ask)
  await vi.advanceTimersByTimeAsync(10_000)
  for (const { answer } of open.slice()) await answer(notFound)
  expect(await Promise.all(first)).toEqual(dead.map(() => notFound))
  const again = dead.map(ask)
  const well = ask('well.test')
  await vi.advanceTimersByTimeAsync(0)
  expect(names().toSorted()).toEqual(['a.test', 'well.test'])
  await open.find(({ name }) => name === 'well.test')?.answer(null)
  expect(await well).toEqual(here)
  for (const _name of dead) await open[0]?.answer(null)
  expect(await Promise.all(again)).toEqual(dead.map(() => here))
  void dead.map(ask)
  expect(names()).toEqual(dead)
})

test('a name that is refused at once is not taken for one that hangs', async () => {
  const { open, names, ask } = lookingUp()
  for (const name of ['a.test', 'b.test']) {
    const asked = ask(name)
    await open[0]?.answer(notFound)
    expect(await asked).toBe(notFound)
  }
  void ['a.test', 'b.test'].map(ask)
  expect(names()).toEqual(['a.test', 'b.test'])
})
