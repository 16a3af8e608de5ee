import { describe, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { createRedactor } from './redactor.ts'

const logged = (options: { pretty?: boolean; secrets?: string[] } = {}) => {
  const lines: string[] = []
  const redactor = createRedactor()
  for (const secret of options.secrets ?? []) redactor.register(secret)
  const log = createLog({
    service: 'api',
    level: 'debug',
    pretty: options.pretty ?? false,
    redactor,
    to: { write: (line) => void lines.push(line) },
  })
  return { log, lines, text: () => lines.join('') }
}

test('a line is one JSON object with time, level, service and the fields given', () => {
  const { log, lines } = logged()
  log.child({ request_id: 'r1' }).info({ run_id: 'x' }, 'hello\n{"level":60}')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    service: 'api',
    run_id: 'x',
    request_id: 'r1',
    msg: 'hello\n{"level":60}',
  })
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1)
})

describe('what must not be read is not written', () => {
  test.each([
    ['a bearer token', 'Authorization: Bearer abc.def-ghi', 'abc.def'],
    ['basic credentials', 'authorization: basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['a signing secret', 'bad whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8'],
    ['userinfo of a URL', 'connect postgres://keepr:hunter2@db:5432/keepr failed', 'hunter2'],
    ['the query of a URL', 'GET https://checkr.example/scan?token=abcdef gave 500', 'abcdef'],
    ['a JWT', 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.sig is old', 'eyJzdWIi'],
  ])('%s', (_, message, canary) => {
    const { log, text } = logged()
    log.info(message)
    log.warn({ deep: { deeper: [{ note: message }] } }, 'nested')
    log.error({ err: new Error(message, { cause: new Error(message) }) }, 'failed')
    expect(text()).not.toContain(canary)
    expect(text()).toContain('[redacted]')
  })

  test('a registered value, also escaped in JSON, encoded in a URL and inside a longer one', () => {
    const secret = 'pa"ss\nwörd/1'
    const { log, text } = logged({ secrets: ['s3cr3t', 's3cr3t-longer', secret] })
    log.error(
      {
        err: new Error(`refused ${secret}`),
        body: JSON.stringify({ secret }),
        path: `/x/${encodeURIComponent(secret)}`,
      },
      's3cr3t-longer',
    )
    for (const canary of ['s3cr3t', '-longer', 'wörd', 'w%C3%B6rd']) expect(text()).not.toContain(canary)
    for (const line of text().trim().split('\n')) JSON.parse(line)
  })
})

test('lines for people show the time, the message, the fields and the stack', () => {
  const { log, text } = logged({ pretty: true, secrets: ['s3cr3t'] })
  log.warn({ attempts: 3, err: new Error('no s3cr3t') }, 'gave up')
  expect(text()).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} .*WARN .* api: gave up attempts=3\n {4}Error: no \[redacted\]\n {8}at /,
  )
})

describe('a peer that is away', () => {
  const refused = () => Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  const failed = () => new Error('', { cause: new AggregateError([refused(), refused()]) })

  test('is told of in one line with its address, and not again and again', () => {
    const { log, lines, text } = logged({ pretty: true })
    for (let n = 0; n < 5; n++) log.warn({ err: failed(), what: 'sweep' }, 'it cannot be reached')
    log.child({ part: 'other' }).warn({ err: failed() }, 'something else needs it')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/it cannot be reached what=sweep reason=connect ECONNREFUSED 127\.0\.0\.1:1\n$/)
    expect(text()).not.toContain(' at ')
  })

  test.each([
    ['has no room for another connection', { code: '53300', severity: 'FATAL' }],
    ['refuses its password', { code: '28P01', severity: 'FATAL' }],
    ['has no room on its disk', { code: '53100', severity: 'ERROR' }],
    ['takes no writes', { code: '25006', severity: 'ERROR' }],
    ['is on a host that is down', { code: 'EHOSTDOWN' }],
  ])('is a PostgreSQL that %s, too', (_what, fields) => {
    const { log, lines } = logged()
    const error = () => Object.assign(new Error('sorry'), fields)
    for (let n = 0; n < 5; n++) log.warn({ err: error() }, 'the relay tries again')
    expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ reason: 'sorry' })])
  })

  test('is told of for each request that failed of it, and any other failure each time with its stack', () => {
    const { log, lines } = logged()
    for (const request_id of ['r1', 'r2']) log.error({ err: failed(), request_id }, 'request failed')
    for (let n = 0; n < 2; n++) log.error({ err: new Error('a mistake') }, 'it failed')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { request_id: 'r1', reason: 'connect ECONNREFUSED 127.0.0.1:1' },
      { request_id: 'r2', reason: 'connect ECONNREFUSED 127.0.0.1:1' },
      { err: { message: 'a mistake', stack: expect.stringContaining(' at ') } },
      { err: { message: 'a mistake' } },
    ])
  })
})
