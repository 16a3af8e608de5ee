import { setImmediate as endOfTurn } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { gathered } from './gathered.ts'

it('asks together for what comes in one turn or while a call is under way, and for each key by itself', async () => {
  const calls: [string, readonly number[]][] = []
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const ask = gathered<number, number>(
    (n) => (n < 100 ? 'small' : 'large'),
    async (key, items) => {
      calls.push([key, items])
      await gates[Math.min(calls.length - 1, 1)]?.promise
      return items.map((n) => n * 2)
    },
    { maxItems: 3 },
  )
  const first = [ask(1), ask(2), ask(100)]
  expect(calls).toEqual([]) // others of the same turn may come
  await vi.waitFor(() => expect(calls).toHaveLength(2))
  const meanwhile = [ask(3), ask(4), ask(5), ask(6)]
  for (const gate of gates) gate.resolve()
  expect(await Promise.all([...first, ...meanwhile])).toEqual([2, 4, 200, 6, 8, 10, 12])
  expect(calls).toEqual([
    ['large', [100]], // who is alone does not wait whether others come
    ['small', [1, 2]],
    ['small', [3, 4, 5]],
    ['small', [6]],
  ])
})

it('fails those that were asked for together, and goes on', async () => {
  let fails = true
  const ask = gathered<string, string>(
    () => '',
    async (_key, items) => {
      if (fails) throw new Error('unreachable')
      return items
    },
  )
  await expect(ask('one')).rejects.toThrow('unreachable')
  fails = false
  expect(await ask('two')).toBe('two')
})

/** Calls that are answered when the test says so. */
function answering() {
  const calls: { items: readonly number[]; lane: object; answer: () => void }[] = []
  const ask = gathered<number, number>(
    () => '',
    async (_key, items, lane) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      calls.push({ items, lane, answer: resolve })
      await promise
      return items
    },
    { ahead: true },
  )
  const asked = () => calls.map(({ items }) => items.length)
  return { ask, calls, asked, askMany: (count: number) => Array.from({ length: count }, (_, item) => ask(item)) }
}
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await endOfTurn()
}

it('has two calls under way where it may, in one lane, the second once it is as large as the first', async () => {
  const { calls, asked, askMany } = answering()
  const all = askMany(16)
  await vi.waitFor(() => expect(asked()).toEqual([8, 8]))
  all.push(...askMany(7))
  await turns(20)
  expect(asked()).toEqual([8, 8])
  calls[0]?.answer()
  await Promise.all(all.slice(0, 8))
  await turns(20)
  expect(asked()).toEqual([8, 8]) // seven are fewer than eight
  all.push(...askMany(1))
  await vi.waitFor(() => expect(asked()).toEqual([8, 8, 8]))
  calls[1]?.answer()
  calls[2]?.answer()
  await Promise.all(all)
  expect(new Set(calls.map(({ lane }) => lane)).size).toBe(1)
})

it('asks for whoever waits, however few, where nothing is under way, and before the last answers are told', async () => {
  const { ask, calls, asked, askMany } = answering()
  const first = askMany(4)
  await vi.waitFor(() => expect(asked()).toEqual([4]))
  const later = ask(1)
  await turns(20)
  expect(asked()).toEqual([4])
  calls[0]?.answer()
  const [, known] = await Promise.all([first[0], vi.waitFor(() => expect(asked()).toEqual([4, 1])).then(asked)])
  expect(known).toEqual([4, 1])
  calls[1]?.answer()
  await Promise.all([...first, later])
})

it('lets whoever comes within a few turns join several who wait, and nobody wait alone', async () => {
  const calls: (readonly string[])[] = []
  const ask = gathered<string, string>(
    (item) => item.slice(0, 1),
    async (_key, items) => {
      calls.push(items)
      return items
    },
  )
  const asked = [ask('a1'), ask('a2'), ask('b1')]
  await endOfTurn()
  await endOfTurn()
  asked.push(ask('a3'), ask('b2'))
  await Promise.all(asked)
  expect(calls).toEqual([['b1'], ['b2'], ['a1', 'a2', 'a3']])
})

it('does not wait on and on where each turn brings another', async () => {
  const calls: (readonly number[])[] = []
  const ask = gathered<number, number>(
    () => '',
    async (_key, items) => {
      calls.push(items)
      return items
    },
  )
  const asked = [ask(1), ask(2)]
  for (let next = 3; next <= 40; next++) {
    await endOfTurn()
    asked.push(ask(next))
  }
  await Promise.all(asked)
  expect(calls.length).toBeGreaterThan(2)
  expect(calls.flat()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
})
