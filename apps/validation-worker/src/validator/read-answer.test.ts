import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { readAnswer } from './read-answer.ts'

const hash = 'a'.repeat(64)
const asked = { url: 'https://checkr.test/check', contentHash: hash, isPoll: false, now: 0 }
const read = (status: number, body: string, headers: Record<string, string> = {}) =>
  readAnswer({ status, headers, body: Buffer.from(body) }, asked)

const anyValid = fc.oneof(fc.boolean(), fc.constantFrom('true', 1, null, 'PASS', [], {}, [true]))
const anyAnswer = fc.oneof(
  fc.json(),
  fc.string(),
  fc
    .record(
      { valid: anyValid, content_hash: fc.constantFrom(hash, 'b'.repeat(64), ''), findings: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((answer) => JSON.stringify(answer)),
)
const anyStatus = fc.oneof(
  fc.constantFrom(200, 202, 204, 301, 401, 422, 429, 500, 503),
  fc.integer({ min: 100, max: 599 }),
)

describe('an answer of a validator', () => {
  test.prop([anyStatus, anyAnswer], { numRuns: 2000 })(
    'publishes only if it is exactly a verdict for this content',
    (status, body) => {
      const outcome = read(status, body)
      if (outcome.kind !== 'passed') return
      const { valid, content_hash = hash } = JSON.parse(body)
      expect({ status, valid, content_hash }).toEqual({ status: 200, valid: true, content_hash: hash })
    },
  )

  test.prop([
    fc.constantFrom(
      '//evil.test/x',
      'https://evil.test/',
      'http://checkr.test/',
      'https://u:p@checkr.test/',
      'https://checkr.test:8443/',
      'file:///etc/passwd',
      '/x?{{TOKEN}}',
    ),
  ])('is only followed within its own origin', (location) => {
    expect(read(202, '', { location })).toMatchObject({ kind: 'error' })
  })

  test.prop([fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })])(
    'leaves texts that can be stored',
    (code, message) => {
      const outcome = read(
        200,
        JSON.stringify({ valid: false, findings: [{ severity: 'low', code: code.slice(0, 90), message }] }),
      )
      if (outcome.kind === 'error') expect(outcome.reason.length).toBeLessThanOrEqual(500)
      const text = JSON.stringify(outcome)
      expect(text.isWellFormed()).toBe(true)
      expect(text).not.toContain('\\u0000')
    },
  )
})
