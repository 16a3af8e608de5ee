import { fc } from '@fast-check/vitest'

/** Values that are hard on parsers, patterns, databases and logs. */
const awkwardText = fc.constantFrom(
  '', ' ', '\u0000', '\ud800', '\u202e', '\ufeff', "' or 1=1--", '%', '_', '\\', '../..', '${7*7}', '*', '^1.2', '1.x || >=2',
  '__proto__', 'constructor', 'toString', 'null', '9'.repeat(400), 'é', 'e\u0301', '💥', '"', '\n{"level":60}', '2024-02-30T00:00:00Z',
) // prettier-ignore
const awkwardNumber = fc.constantFrom(0, -0, -1, 1.5, 2147483647, 2147483648, 2 ** 53, 1e308, 5e-324, 1e21)

export const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 2, arbitrary: awkwardText },
)

/** Any JSON, awkward more often than chance would have it. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    awkwardNumber,
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
})).value
