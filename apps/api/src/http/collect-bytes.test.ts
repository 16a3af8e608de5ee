import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { collectBytes } from './collect-bytes.ts'

const million = 1024 * 1024

test.prop([fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(1000)])(
  'gives what came, whatever was said to come',
  (pieces, expected) => {
    const collected = collectBytes(expected)
    for (const piece of pieces) collected.add(piece)
    expect(Buffer.concat(pieces).equals(collected.bytes())).toBe(true)
  },
)

test('takes no memory for what is only said to come', () => {
  const collected = collectBytes(30 * million)
  for (let n = 0; n < 500; n++) collected.add(new Uint8Array(1000))
  expect(collected.bytes().buffer.byteLength).toBeLessThan(2 * million)
})

test('takes what was said once a good part of it is there, and not more', () => {
  const collected = collectBytes(30 * million)
  for (let n = 0; n < 30; n++) collected.add(new Uint8Array(million))
  expect(collected.bytes().buffer.byteLength).toBe(30 * million)
})
