import { contentHash } from '@keepr/shared/domain/content-hash'
import { describe, expect, test } from 'vitest'
import { createContentCache } from './content-cache.ts'

const bytes = Buffer.from('the content')
const hash = contentHash(bytes)

/** A load that ends when it is told to, and how often it was asked for. */
function aLoad() {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let times = 0
  const load = () => {
    times += 1
    return promise
  }
  return { load, resolve, reject, times: () => times }
}

describe('content that many ask for at once', () => {
  test('is loaded once', async () => {
    const cache = createContentCache(8192)
    const { load, resolve, times } = aLoad()
    const answers = Promise.all([cache.get(hash, load), cache.get(hash, load), cache.get(hash, load)])
    resolve(bytes)
    expect(await answers).toEqual([bytes, bytes, bytes])
    expect(times()).toBe(1)
  })

  test('is loaded once though it is too large to be kept, and anew for who comes later', async () => {
    const cache = createContentCache(8)
    const { load, resolve, times } = aLoad()
    const answers = Promise.all([cache.get(hash, load), cache.get(hash, load)])
    resolve(bytes)
    await answers
    expect(times()).toBe(1)
    await cache.get(hash, load)
    expect(times()).toBe(2)
  })

  test('is loaded by the next where it cannot be loaded for the first', async () => {
    const cache = createContentCache(8192)
    const [first, second] = [aLoad(), aLoad()]
    const refused = expect(cache.get(hash, first.load)).rejects.toThrow('withdrawn')
    const answer = cache.get(hash, second.load)
    first.reject(new Error('withdrawn'))
    second.resolve(bytes)
    await refused
    expect(await answer).toEqual(bytes)
  })
})

describe('content that was read along with something else', () => {
  test('is what its hash says, or is not sent', () => {
    const cache = createContentCache(8192)
    expect(() => cache.checked(hash, Buffer.from('the c0ntent'))).toThrow('does not match its hash')
    expect(cache.checked(hash, bytes)).toBe(bytes)
  })

  test('is kept, and no more of it than there is room for with what an entry takes besides', async () => {
    const cache = createContentCache(8192)
    const small = Array.from({ length: 20 }, (_, n) => Buffer.from([n]))
    for (const one of small) cache.checked(contentHash(one), one)
    let loaded = 0
    for (const one of small.toReversed())
      await cache.get(contentHash(one), async () => {
        loaded += 1
        return one
      })
    expect(loaded).toBe(20 - Math.floor(8192 / 513))
  })

  test('is kept without the memory around it, which would stay for as long', () => {
    const cache = createContentCache(8192)
    cache.checked(hash, Buffer.concat([Buffer.alloc(8192), bytes]).subarray(8192))
    const kept = cache.checked(hash, Buffer.alloc(0))
    expect(kept).toEqual(bytes)
    expect(kept.buffer.byteLength).toBe(bytes.byteLength)
  })
})
