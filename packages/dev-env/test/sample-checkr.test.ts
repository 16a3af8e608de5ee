import { freePort } from '@keepr/dev-env/free-port'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { afterAll, describe, expect, it } from 'vitest'
import { aSubmission } from '../src/checkr-conformance/a-submission.ts'
import { askForVerdict } from '../src/checkr-conformance/ask-for-verdict.ts'
import { FAILURES } from '../src/sample-checkr/failures.ts'
import { startSampleCheckr } from '../src/sample-checkr/server.ts'

const outbound = createOutbound({ outboundAllowAddresses: ['127.0.0.1'], outboundAllowHttp: true })
const checkr = await startSampleCheckr({ port: await freePort(), token: 'known' })
afterAll(async () => {
  await checkr.stop()
  await outbound.close()
})

/** Asks as the worker would. */
async function ask(path: string, content: unknown = { source: 'x = 1' }, authorization = 'Bearer known') {
  const target = {
    url: `http://127.0.0.1:${checkr.port}/${path}`,
    method: 'POST' as const,
    headers: { authorization },
    type: 'sample',
    kind: 'json' as const,
    content: Buffer.from(JSON.stringify(content)),
    timeoutMs: 1500,
  }
  return (await askForVerdict(outbound, target, aSubmission(target))).outcome
}

describe('the sample Checkr', () => {
  it.each([
    ['python-lint', { source: 'x = 1' }, { source: 'eval(x)' }],
    ['sast-check', { source: 'let x = 1' }, { source: 'eval(x)' }],
    ['schema-lint', { schema: { type: 'string' } }, { schema: { type: 'strnig' } }],
  ])('%s passes what is good and fails what is not, with its findings', async (check, good, bad) => {
    expect(await ask(check, good)).toMatchObject({ kind: 'passed' })
    expect(await ask(check, bad)).toMatchObject({ kind: 'failed', findings: [{ severity: 'error' }] })
  })

  it.each([
    ['passed', 'x = 1'],
    ['failed', 'eval(x)'],
  ])('later: what %s says so by a 202', async (kind, source) => {
    expect(await ask('sast-check?mode=later', { source })).toMatchObject({ kind })
  })

  it('python-lint knows its callers', async () => {
    expect(await ask('python-lint', {}, 'Bearer guessed')).toMatchObject({ kind: 'error', mistake: true })
  })

  it('flapping: it is there every third time', async () => {
    const kinds = []
    for (let call = 0; call < 6; call++) kinds.push((await ask('sast-check?mode=flapping')).kind)
    expect(kinds).toEqual(['error', 'error', 'passed', 'error', 'error', 'passed'])
  })
})

/** What the worker makes of each way of failing. */
const REASONS: Record<string, RegExp> = {
  hang: /^timeout/,
  reset: /^connection_failed/,
  drip: /^timeout/,
  garbage: /cannot be used/,
  empty: /cannot be used/,
  truthy: /cannot be used/,
  'wrong-hash': /^verdict_mismatch/,
  huge: /^response_too_large/,
  redirect: /^validator_redirect/,
  forbidden: /403/,
  missing: /404/,
  'busy-seconds': /429/,
  'busy-date': /429/,
  'busy-nonsense': /429/,
  broken: /500/,
  'elsewhere-later': /own origin/,
}

describe('its ways of failing', () => {
  it('are all told of here', () => {
    expect(Object.keys(REASONS).toSorted()).toEqual(Object.keys(FAILURES).toSorted())
  })

  it.concurrent.each(Object.entries(REASONS))('%s is an error and no verdict', async (mode, reason) => {
    const outcome = await ask(`sast-check?mode=${mode}`)
    expect(outcome).toMatchObject({ kind: 'error', reason: expect.stringMatching(reason) })
  })

  it('busy-seconds and busy-date say how long to wait, busy-nonsense does not', async () => {
    expect(await ask('sast-check?mode=busy-seconds')).toMatchObject({ retryAfterMs: 2000 })
    const byDate = await ask('sast-check?mode=busy-date')
    expect('retryAfterMs' in byDate && byDate.retryAfterMs).toBeGreaterThan(1000)
    expect(await ask('sast-check?mode=busy-nonsense')).not.toMatchObject({ retryAfterMs: expect.any(Number) })
  })
})
