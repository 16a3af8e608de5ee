import { createHash } from 'node:crypto'

/** Chance that a seed repeats. */
export type Random = {
  /** At least 0, less than 1. */
  next(): number
  between(least: number, most: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  pick<T>(list: readonly T[]): T | undefined
  chance(probability: number): boolean
  /** A stream of its own, so that one part's throws do not move another's. */
  fork(label: string): Random
}

/** A stream of throws that depends on nothing but the seed (mulberry32, seeded by a hash). */
export function createRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0)
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  function pick<T>(list: readonly [T, ...T[]]): T
  function pick<T>(list: readonly T[]): T | undefined
  function pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(next() * list.length)]
  }
  return {
    next,
    between: (least, most) => Math.floor(least + next() * (most - least)),
    pick,
    chance: (probability) => next() < probability,
    fork: (label) => createRandom(`${seed}/${label}`),
  }
}
