import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { canonicalBytes, contentHash } from './content-hash.ts'

const text = (value: unknown) => canonicalBytes(value).toString('utf8')

test('bytes are hashed by SHA-256', () => {
  expect(contentHash(Buffer.from(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(contentHash(Buffer.from('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('the canonical form is that of RFC 8785: keys by UTF-16 units, shortest numbers, least escapes', () => {
  expect(text({ b: 1, a: [true, null, 'x'] })).toBe('{"a":[true,null,"x"],"b":1}')
  expect(text([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0]')
  expect(text({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, ö: 7 })).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
  )
  expect(text('\u20ac$\u000f\nA\'B"\\"/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/"')
})

test('what is no JSON is refused', () => {
  expect(() => canonicalBytes(undefined)).toThrow(TypeError)
})

property.prop([fc.jsonValue({ depthSize: 'medium' })])(
  'equal values have equal bytes, whatever their order',
  (value) => {
    const again: unknown = JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toReversed())
        : inner,
    )
    expect(text(again)).toBe(text(JSON.parse(JSON.stringify(value))))
    expect(JSON.parse(text(again))).toEqual(JSON.parse(JSON.stringify(value)))
  },
)
