import { expect, test } from 'vitest'
import { byteRange } from './byte-range.ts'

test('one range is cut to the size, and what is none is ignored', () => {
  expect(byteRange('bytes=0-3', 10)).toEqual({ start: 0, end: 3 })
  expect(byteRange('bytes=5-', 10)).toEqual({ start: 5, end: 9 })
  expect(byteRange('bytes=-4', 10)).toEqual({ start: 6, end: 9 })
  expect(byteRange('bytes=-40', 10)).toEqual({ start: 0, end: 9 })
  expect(byteRange('bytes=9-99', 10)).toEqual({ start: 9, end: 9 })
  expect(byteRange('bytes=10-', 10)).toBe('unsatisfiable')
  expect(byteRange('Bytes=0-3', 10)).toEqual({ start: 0, end: 3 })
  expect(byteRange(`bytes=5-${'9'.repeat(400)}`, 10)).toEqual({ start: 5, end: 9 })
  expect(byteRange('bytes=999999999999999999999-', 10)).toBe('unsatisfiable')
  expect(byteRange('bytes=-0', 10)).toBe('unsatisfiable')
  expect(byteRange('bytes=0-', 0)).toBe('unsatisfiable')
  for (const none of [undefined, 'bytes=3-1', 'bytes=-', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b']) {
    expect(byteRange(none, 10)).toBeUndefined()
  }
})
