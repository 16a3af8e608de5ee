import { expect, it } from 'vitest'
import { gathered } from './gathered.ts'

it('asks at once for the first, together for those that come meanwhile, and each key by itself', async () => {
  const calls: [string, readonly number[]][] = []
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const ask = gathered<number, number>(
    (n) => (n < 100 ? 'small' : 'large'),
    async (key, items) => {
      calls.push([key, items])
      await gates[Math.min(calls.length - 1, 1)]?.promise
      return items.map((n) => n * 2)
    },
    3,
  )
  const answers = Promise.all([ask(1), ask(2), ask(3), ask(4), ask(5), ask(100)])
  expect(calls).toEqual([
    ['small', [1]],
    ['large', [100]],
  ])
  for (const gate of gates) gate.resolve()
  expect(await answers).toEqual([2, 4, 6, 8, 10, 200])
  expect(calls.slice(2)).toEqual([
    ['small', [2, 3, 4]],
    ['small', [5]],
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
