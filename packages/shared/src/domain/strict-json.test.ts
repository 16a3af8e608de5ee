import { test as property, fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canonicalBytes } from './content-hash.ts'
import { readStrictJson } from './strict-json.ts'

const read = (text: string, depth = 64) => readStrictJson(Buffer.from(text, 'utf8'), depth)

const inexact = 'is a number that a double does not hold exactly; send it as a string'
const minusZero = 'is minus zero, whose sign the canonical form (RFC 8785) does not keep; send 0, or a string'

describe('strict JSON', () => {
  property.prop([fc.jsonValue()])('keeps every JSON value that JavaScript can hold', (value) => {
    const text = JSON.stringify(value)
    const result = read(text)
    // Strings may hold what I-JSON refuses; everything else must come back the same.
    if (result.kind === 'value') expect(canonicalBytes(result.value)).toEqual(canonicalBytes(JSON.parse(text)))
    else expect(result.kind).toBe('offences')
  })

  property.prop([fc.string()])('agrees with JSON.parse on what is JSON at all', (text) => {
    let parses = true
    try {
      JSON.parse(text)
    } catch {
      parses = false
    }
    expect(read(text).kind === 'malformed').toBe(!parses)
  })

  it.each([
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "'x'",
    'NaN',
    '01',
    '+1',
    '1.',
    '.5',
    '"\n"',
    '1 2',
    '\uFEFF1',
    '/* */ 1',
    'tru',
  ])('refuses %j as malformed', (text) => {
    expect(read(text).kind).toBe('malformed')
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(readStrictJson(Uint8Array.of(0x22, 0xff, 0x22), 64).kind).toBe('malformed')
  })

  it.each([
    ['{"a":{"b":1,"b":2}}', '/a/b', 'is a duplicate key'],
    ['[1,12345678901234567890]', '/1', inexact],
    ['{"x":1e400}', '/x', inexact],
    ['{"x":-1e-400}', '/x', inexact],
    ['[-0]', '/0', minusZero],
    ['-0.0e7', '', minusZero],
    ['{"s":"\\u0000"}', '/s', 'contains U+0000'],
    ['{"s~/":"\\ud800"}', '/s~0~1', 'contains a lone surrogate'],
    ['0.1000000000000000055', '', inexact],
    // A key with a flaw is told of the object that has it; a pointer to it would have the same flaw.
    ['{"a":{"b":1,"\\u0000":2}}', '/a', String.raw`has the key "\u0000", which contains U+0000`],
    ['[{"\\ud800":2}]', '/0', String.raw`has the key "\ud800", which contains a lone surrogate`],
  ])('names the place and the offence of what it cannot keep in %s', (text, pointer, detail) => {
    expect(read(text)).toMatchObject({ kind: 'offences', offences: [{ pointer, detail }] })
  })

  it('tells all offences, and what it read all the same', () => {
    expect(read('{"a":[-0,"\\u0000",1],"b":1,"b":{"\\u0000":1e400}}')).toEqual({
      kind: 'offences',
      offences: [
        { pointer: '/a/0', detail: minusZero },
        { pointer: '/a/1', detail: 'contains U+0000' },
        { pointer: '/b', detail: 'is a duplicate key' },
        { pointer: '/b', detail: String.raw`has the key "\u0000", which contains U+0000` },
        { pointer: '/b/\ufffd', detail: inexact },
      ],
      value: { a: [-0, '\u0000', 1], b: { '\ufffd': Number.POSITIVE_INFINITY } },
    })
  })

  it('is malformed all the same behind an offence', () => {
    expect(read('[-0,').kind).toBe('malformed')
  })

  it('stops at a hundred offences', () => {
    const result = read(`[${'-0,'.repeat(1000)}`)
    expect(result).toMatchObject({ kind: 'offences', value: undefined })
    expect(result.kind === 'offences' && result.offences.length).toBe(100)
  })

  it.each(['1.0', '1e2', '100', '0.1', '1E+2', '9007199254740991', '5e-324', '0'])('keeps the number %s', (text) => {
    expect(read(text)).toEqual({ kind: 'value', value: Number(text) })
  })

  it('counts an empty container as a level', () => {
    expect(read('[[]]', 2).kind).toBe('value')
    expect(read('[[[]]]', 2)).toMatchObject({ kind: 'offences', offences: [{ pointer: '/0/0' }] })
  })

  it('does not count levels around what is meant, nor tells of them', () => {
    const around = (text: string) => readStrictJson(Buffer.from(text), 2, { around: 1 })
    expect(around('[[[]]]').kind).toBe('value')
    expect(around('[[[[]]]]')).toMatchObject({
      offences: [{ pointer: '/0/0/0', detail: 'nested deeper than 2 levels' }],
    })
  })

  it('stops at the number of values that it may have, keys included', () => {
    expect(readStrictJson(Buffer.from('{"a":[1,2]}'), 9, { maxValues: 5 }).kind).toBe('value')
    expect(readStrictJson(Buffer.from('{"a":[1,2]}'), 9, { maxValues: 4 }).kind).toBe('offences')
  })

  it('takes a string of any length, escaped or not', () => {
    for (const text of ['x'.repeat(10_000_000), '\\"'.repeat(1_000_000)])
      expect(read(JSON.stringify(text))).toEqual({ kind: 'value', value: text })
  })

  it.each([`1.${'0'.repeat(200_000)}1`, `1e-${'9'.repeat(200_000)}`, `${'1'.repeat(300)}.${'0'.repeat(200_000)}5`])(
    'refuses a long number in no time',
    (text) => {
      const started = performance.now()
      expect(read(text).kind).toBe('offences')
      expect(performance.now() - started).toBeLessThan(500) // it took minutes when zeros were searched from each place
    },
  )

  it.each(['"\\x"', '"\\u12"', '"\\"', '"a', '"\\\\\\"', '{"a:1}'])('refuses %s as malformed', (text) => {
    expect(read(text).kind).toBe('malformed')
  })

  it.each([
    ['{"a":1,}', 'Unexpected character } at line 1, column 8.'],
    ['{\r\n"a": "b\nc"}', 'Unexpected character \\n (U+000A) at line 2, column 8.'],
    ['{"a": “b”}', 'Unexpected character U+201C at line 1, column 7.'],
    ['\ufeff{}', 'Unexpected byte order mark (U+FEFF) at line 1, column 1.'],
    [
      '{"a":"C:\\Users"}',
      'An escape that JSON does not know (a backslash itself is \\\\) in the string at line 1, column 6.',
    ],
    ['{"a":1', 'The JSON ends too early.'],
  ])('tells what is wrong with %j, and where', (text, detail) => {
    expect(read(text)).toEqual({ kind: 'malformed', detail })
  })

  it('takes __proto__ as plain data', () => {
    const result = read('{"__proto__":{"polluted":true}}')
    expect(result.kind === 'value' && JSON.stringify(result.value)).toBe('{"__proto__":{"polluted":true}}')
    expect({}).not.toHaveProperty('polluted')
  })

  it('refuses what is nested too deep, however deep, without exhausting the stack', () => {
    expect(read('[[1]]', 2).kind).toBe('value')
    expect(read('[[[1]]]', 2)).toMatchObject({ kind: 'offences', offences: [{ pointer: '/0/0' }] })
    expect(read('['.repeat(100_000)).kind).toBe('offences')
  })
})
