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

it('asks for what waits before the last answers are told, where calls may overlap', async () => {
  const happened: string[] = []
  const gates = new Map(['first', 'second'].map((item) => [item, Promise.withResolvers<void>()]))
  const ask = gathered<string, string>(
    () => '',
    async (_key, items) => {
      happened.push(`asked ${items.join()}`)
      await gates.get(items.join())?.promise
      return items
    },
    { overlapping: true },
  )
  const told = async (item: string) => happened.push(`told ${await ask(item)}`)
  const first = told('first')
  await vi.waitFor(() => expect(happened).toHaveLength(1))
  const second = told('second')
  gates.get('first')?.resolve()
  await first
  gates.get('second')?.resolve()
  await second
  expect(happened).toEqual(['asked first', 'asked second', 'told first', 'told second'])
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
