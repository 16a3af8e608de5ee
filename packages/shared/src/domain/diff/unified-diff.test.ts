import { applyPatch } from 'diff'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unifiedDiff } from './unified-diff.ts'

const diff = (from: string, to: string) => unifiedDiff({ label: '1', text: from }, { label: '2', text: to })
const lines = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => `${line(n)}\n`)
const text = (count: number, line: (n: number) => string) => lines(count, line).join('')

/** Few different lines, so that many are equal; ended or not. */
const someText = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c', '', '\r', '-', ' a'), { maxLength: 40 }), fc.constantFrom('', '\n'))
  .map(([some, end]) => some.join('\n') + end)

test('the diff makes the one out of the other', () => {
  fc.assert(
    fc.property(someText, someText, (from, to) => {
      expect(applyPatch(from, diff(from, to), { autoConvertLineEndings: false })).toBe(to)
    }),
  )
})

test('equal texts have no hunk, and changes far from each other have one each', () => {
  expect(diff('a\n', 'a\n')).not.toContain('@@')
  const from = lines(30, (n) => `line ${n}`)
  const to = from.with(4, 'changed\n').with(20, 'changed too\n')
  expect(diff(from.join(''), to.join(''))).toMatch(
    /^@@ -2,7 \+2,7 @@\n(?: .*\n){3}-line 4\n\+changed\n(?: .*\n){3}@@ -18,7 \+18,7 @@\n/mu,
  )
})

const muchChanged: [string, string, string][] = [
  ['every line of 2,600 changed', text(2600, (n) => `old ${n}`), text(2600, (n) => `new ${n}`)],
  ['every line of 120,000 changed', text(120_000, (n) => `${n}`), text(120_000, (n) => `${n}!`)],
  ['a tenth of 6,000 changed', text(6000, (n) => `${n}`), text(6000, (n) => `${n}${n % 10 === 5 ? '!' : ''}`)],
  [
    'many equal lines',
    text(60_000, (n) => (n % 300 === 0 ? `${n}` : '')),
    text(60_000, (n) => (n % 200 ? '' : `${n}!`)),
  ],
  ['everything gone but the edges', text(9000, (n) => `${n}`), '0\n1\n2\n3\n8999\n'],
]
test.each(muchChanged)('with %s the diff is coarse at most, and still right', (_, from, to) => {
  const patch = diff(from, to)
  expect(applyPatch(from, patch)).toBe(to)
  expect(diff(from, to)).toBe(patch)
})

test('a coarse diff leaves the common beginning and end alone', () => {
  const changed = (word: string) => text(9000, (n) => (n < 100 || n >= 8900 ? `same ${n}` : `${word} ${n}`)).trimEnd()
  const [from, to] = [changed('old'), changed('new')]
  expect(diff(from, to).match(/^@@.*@@$/gmu)).toEqual(['@@ -98,8806 +98,8806 @@'])
  expect(applyPatch(from, diff(from, to))).toBe(to)
})
