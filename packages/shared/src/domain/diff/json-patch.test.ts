import fc from 'fast-check'
import { applyPatch } from 'rfc6902'
import { expect, test } from 'vitest'
import { jsonPatch } from './json-patch.ts'

/** Keys that the library that applies the patches leaves out on purpose; the last test says what comes of them here. */
const refused = /"(?:__proto__|constructor|prototype)":/

const json = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.stringify(value))
  .filter((text) => !refused.test(text))
  .map((text): unknown => JSON.parse(text))

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

test('the smallest value around very many differences is replaced as a whole, and no patch repeats long keys often', () => {
  const numbers = (first: number) => Array.from({ length: 100_000 }, (_, n) => first + n)
  const long = 'k'.repeat(100_000)
  const from = { few: [1, 2, 3], many: { list: numbers(0), one: 1 }, [long]: [1, 2, 3, 4], short: numbers(0) }
  const to = { few: [1, 2, 4], many: { list: numbers(7), one: 2 }, [long]: [2, 3, 4, 5], short: [] }
  expect(jsonPatch(from, to)).toEqual([
    { op: 'replace', path: '/few/2', value: 4 },
    { op: 'replace', path: '/many/list', value: to.many.list },
    { op: 'replace', path: '/many/one', value: 2 },
    { op: 'replace', path: `/${long}`, value: [2, 3, 4, 5] },
    { op: 'replace', path: '/short', value: [] },
  ])
  expect(jsonPatch(numbers(0), numbers(7))).toEqual([{ op: 'replace', path: '', value: numbers(7) }])
})

test.each(['__proto__', 'constructor', 'prototype'])('%s is a key like any other', (key) => {
  const [none, no, yes, within] = ['{}', `{"${key}":false}`, `{"${key}":true}`, `{"${key}":{"a":1}}`].map(
    (text): unknown => JSON.parse(text),
  )
  expect(jsonPatch(none, no)).toEqual([{ op: 'add', path: `/${key}`, value: false }])
  expect(jsonPatch(no, yes)).toEqual([{ op: 'replace', path: `/${key}`, value: true }])
  expect(jsonPatch(within, JSON.parse(`{"${key}":{"a":2}}`))).toEqual([{ op: 'replace', path: `/${key}/a`, value: 2 }])
  expect(jsonPatch(yes, none)).toEqual([{ op: 'remove', path: `/${key}` }])
})
