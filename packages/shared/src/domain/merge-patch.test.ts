import { expect, test } from 'vitest'
import { mergePatch } from './merge-patch.ts'

type Json = Parameters<typeof mergePatch>[1]

/** The examples of RFC 7396, appendix A. */
const examples: [target: Json, patch: Json, merged: Json][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
]

test.each(examples)('%j merged with %j is %j', (target, patch, merged) => {
  expect(mergePatch(target, patch)).toEqual(merged)
})

test('neither the target nor the patch is changed', () => {
  const target = { a: { b: 1 } }
  const patch = { a: { c: 2 } }
  mergePatch(target, patch)
  expect([target, patch]).toEqual([{ a: { b: 1 } }, { a: { c: 2 } }])
})

test('no key reaches the prototype', () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'))
  expect(Object.hasOwn(Object(merged), '__proto__')).toBe(true)
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
  expect({}).not.toHaveProperty('polluted')
})
