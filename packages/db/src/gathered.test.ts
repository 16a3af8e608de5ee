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
    ['small', [1, 2]],
    ['large', [100]],
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
