import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { readAnswer } from './read-answer.ts'

const hash = 'a'.repeat(64)
const asked = {
  url: 'https://checkr.test/check',
  contentHash: hash,
  isPoll: false,
  now: 0,
  mask: (text: string) => text.replaceAll('s3cret', '{{TOKEN}}'),
}
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

  it('is a refusal by its status and its findings alone, and by no other body of a 422', () => {
    const finding = { severity: 'high', code: 'X1', message: 'm' }
    expect(read(422, JSON.stringify({ findings: [finding] }))).toMatchObject({ kind: 'failed', findings: [finding] })
    for (const other of [{}, { detail: 'no' }, { findings: 'none' }, { valid: true, findings: [] }, [], 'no'])
      expect(read(422, JSON.stringify(other))).toMatchObject({ kind: 'error', mistake: true })
    expect(read(200, JSON.stringify({ findings: [finding] })).kind).toBe('error')
  })

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

  it('is a verdict however long its findings are: they are cut', () => {
    const finding = { severity: 'high', code: 'c'.repeat(300), message: 'm'.repeat(5000), path: '/p'.repeat(900) }
    const outcome = read(200, JSON.stringify({ valid: false, findings: [finding] }))
    expect(outcome).toMatchObject({
      kind: 'failed',
      findings: [{ severity: 'high', code: 'c'.repeat(200), message: 'm'.repeat(2000), path: '/p'.repeat(500) }],
    })
  })

  it.each([
    [{ message: 'too long' }, { severity: 'error', code: 'unspecified', message: 'too long' }],
    [
      { severity: 3, code: null, message: ['no'], path: {} },
      { severity: 'error', code: 'unspecified', message: '' },
    ],
    [
      { severity: 'low', code: 'x', message: 'no', path: '/a', line: 3 },
      { severity: 'low', code: 'x', message: 'no', path: '/a' },
    ],
  ])('is a verdict whatever its findings lack: %j', (finding, read_as) => {
    const findings = [finding, 'too long', null, [finding]]
    expect(read(200, JSON.stringify({ valid: false, findings }))).toEqual({ kind: 'failed', findings: [read_as] })
  })

  it.each([null, 'none', 3, {}, [], undefined])('is a verdict with findings that are no list: %j', (findings) => {
    const answer = { valid: false, findings, report_url: findings }
    expect(read(422, JSON.stringify(answer))).toMatchObject({ kind: 'failed', findings: [] })
  })

  it.each([
    ['https://checkr.test/report/1', 'https://checkr.test/report/1'],
    ['javascript:alert(1)', undefined],
    ['see the wiki', undefined],
    [`https://checkr.test/${'x'.repeat(2000)}`, undefined],
  ])('keeps a report only where people can follow it: %.30s', (report_url, kept) => {
    expect(read(200, JSON.stringify({ valid: true, report_url }))).toEqual({
      kind: 'passed',
      findings: [],
      reportUrl: kept,
    })
  })

  it.each([
    ['message', { valid: false, findings: [{ severity: 'low', code: 'x', message: `${'m'.repeat(1997)}s3cret` }] }],
    ['mistake', { valid: `${'v'.repeat(420)}s3cret`.repeat(2) }],
  ])('shows no part of a secret where a %s is cut', (_what, answer) => {
    expect(JSON.stringify(read(200, JSON.stringify(answer)))).not.toContain('s3c')
  })
})
