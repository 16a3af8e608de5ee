import { fc } from '@fast-check/vitest'
import { anyJson, anyText } from './json-values.ts'

/** Mostly what is given, now and then with one member more, less or other: near enough to get past the first check. */
export function spoiled(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: valid },
    {
      weight: 2,
      arbitrary: fc.tuple(valid, fc.nat(), anyJson).map(([value, at, other]) => withOther(value, at, other)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(valid, anyText, anyJson).map(([value, key, other]) => withMore(value, key, other)),
    },
    { weight: 1, arbitrary: anyJson },
  )
}

function withOther(value: unknown, at: number, other: unknown): unknown {
  if (typeof value !== 'object' || value === null) return other
  const keys = Object.keys(value)
  const key = keys[at % Math.max(keys.length, 1)]
  if (key === undefined) return other
  const entries = Object.entries(value).flatMap(([name, old]) =>
    name !== key ? [[name, old]] : at % 3 === 0 ? [] : [[name, withOther(old, at >> 2, other)]],
  )
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
}

const withMore = (value: unknown, key: string, other: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.defineProperty({ ...value }, key, { value: other, enumerable: true, configurable: true })
    : [value, other]
