import fc from 'fast-check'
import { applyPatch } from 'rfc6902'
import { expect, test } from 'vitest'
import { jsonPatch } from './json-patch.ts'

const json = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value)))

test('the patch makes the one out of the other', () => {
  fc.assert(
    fc.property(json, json, (from, to) => {
      const box = { value: structuredClone(from) }
      const patch = jsonPatch({ value: from }, { value: to })
      const errors = applyPatch(box, patch)
      expect([errors.filter((error) => error !== null), box]).toEqual([[], { value: to }])
    }),
  )
})

test('equal values need no patch', () => {
  expect(jsonPatch({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([])
  expect(jsonPatch([1, 2, 3], [1, 3])).toEqual([{ op: 'remove', path: '/1' }])
})
