import { expect, test } from 'vitest'
import { gather } from './gather.ts'

const gates = () => {
  const batches: { items: readonly number[]; end: PromiseWithResolvers<ReadonlySet<number>> }[] = []
  const add = gather<number>((_key, items) => {
    const end = Promise.withResolvers<ReadonlySet<number>>()
    batches.push({ items: [...items], end })
    return end.promise
  })
  const end = (index: number) => batches[index]?.end.resolve(new Set(batches[index]?.items))
  return { add, batches, end }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('an item that comes alone waits for nothing', async () => {
  const { add, batches, end } = gates()
  const done = add('acme', 1)
  await turn()
  expect(batches.map(({ items }) => items)).toEqual([[1]])
  end(0)
  expect(await done).toBe(1)
})

test('what arrives meanwhile makes up the next batch, and each item learns of its own', async () => {
  const { add, batches, end } = gates()
  const first = add('acme', 1)
  await turn()
  const rest = [add('acme', 2), add('acme', 3)]
  end(0)
  await first
  await turn()
  expect(batches.map(({ items }) => items)).toEqual([[1], [2, 3]])
  batches[1]?.end.resolve(new Set([3]))
  expect(await Promise.all(rest)).toEqual([0, 1])
})

test('one key does not wait for another', async () => {
  const { add, batches } = gates()
  void add('acme', 1)
  void add('other', 2)
  await turn()
  expect(batches).toHaveLength(2)
})

test('a batch that fails takes only its own items with it', async () => {
  const { add, batches, end } = gates()
  const first = add('acme', 1)
  await turn()
  const second = add('acme', 2)
  batches[0]?.end.reject(new Error('deadlock'))
  await expect(first).rejects.toThrow('deadlock')
  await turn()
  end(1)
  expect(await second).toBe(1)
})
