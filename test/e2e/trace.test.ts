import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { type Network, startNetwork } from '@keepr/dev-env/network'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { startWebhookReceiver, type WebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HttpPeer, httpPeer, json } from '../../apps/validation-worker/test/support/http-peer.ts'
import { type Collector, pathOf, startCollector } from './collector.ts'

const folder = mkdtempSync(join(tmpdir(), 'keepr-trace-'))
const stack = new AsyncDisposableStack()
const token = `validator-${randomBytes(12).toString('hex')}`
const secret = `whsec_${randomBytes(24).toString('base64')}`
const printed: string[] = []
let collector: Collector
let validator: HttpPeer
let receiver: WebhookReceiver
let network: Network
let authorization: string

beforeAll(async () => {
  chmodSync(folder, 0o755) // the database's user passes through
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  collector = stack.use(await startCollector())
  validator = stack.use(await httpPeer(json(200, { valid: true })))
  receiver = stack.use(await startWebhookReceiver({ port: 0, secrets: [secret] }))
  network = stack.use(
    await startNetwork({
      port: await freePort(),
      dataDir: join(folder, 'data'),
      configDir: writeConfiguration(),
      durable: false,
      print: (line) => void printed.push(line),
      env: {
        LOG_LEVEL: 'debug',
        LOG_PRETTY: 'false',
        OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-scope=keepr',
        VALIDATOR_TOKEN: token,
        WEBHOOK_SECRET: secret,
      },
    }),
  )
  const alice = { group: 'acme', user: 'alice-in-wonderland', roles: ['author'], expires: '1h' }
  authorization = `Bearer ${await developmentToken({ ...alice, secret: network.jwtSecret })}`
}, 90_000)

afterAll(() => stack.disposeAsync(), 60_000)

const submit = (name: string, headers: Record<string, string> = {}) =>
  fetch(`${network.url}/artifacts/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name, type: 'script', content: { source: `content-of-${name}` } }),
  })
const webhookOf = (name: string) =>
  waitFor(() => receiver.received.find(({ body }) => body.includes(name)), 'a webhook')

const CALL_OF_VALIDATOR =
  /^keepr-api: POST \/artifacts > keepr-\S+: relay validate_run > keepr-validation-worker: work validation > keepr-validation-worker: POST$/
// An event that waits is fanned out together with one before it of its group: then it hangs where that one does.
const CALL_OF_SUBSCRIBER =
  /^keepr-api: POST \/artifacts (> keepr-\S+: relay validate_run > keepr-validation-worker: work validation )?> keepr-\S+: relay fan_out_events > keepr-webhook-worker: work events > (keepr-\S+: relay deliver_webhook > keepr-webhook-worker: work deliveries > )?keepr-webhook-worker: deliver webhook > keepr-webhook-worker: POST$/

/** All spans of a trace, once both calls are among them and each span has its parent; those have the path to them. */
const traceOf = (traceId: string, caller: string) =>
  waitFor(() => {
    const spans = collector.spans.filter((span) => span.traceId === traceId)
    const paths = spans.map((span) => pathOf(spans, span))
    const whole = paths.every(({ root }) => root === caller)
    const lines = paths.map(({ names }) => names.join(' > '))
    const calls = [CALL_OF_VALIDATOR, CALL_OF_SUBSCRIBER].map((call) => lines.filter((line) => call.test(line)).length)
    return whole && calls.every((count) => count > 0) && spans
  }, `the whole trace ${traceId}`)

test('one submission is one tree of spans, from the request to the webhook, in the trace of its caller', async () => {
  const traceId = randomBytes(16).toString('hex')
  const caller = randomBytes(8).toString('hex')
  const answer = await submit('traced', { traceparent: `00-${traceId}-${caller}-01` })
  expect(answer.status).toBe(202)
  const webhook = await webhookOf('traced')
  const spans = await traceOf(traceId, caller)
  expect(spans.filter(({ failed }) => failed)).toEqual([])
  const calls = spans.filter(({ name }) => name === 'POST').map(({ spanId }) => `00-${traceId}-${spanId}-01`)
  // Whoever was called can go on from the span of the call.
  const [asked] = validator.requests.map(({ headers }) => headers['traceparent'])
  expect(calls).toContain(asked)
  expect(calls).toContain(webhook.headers['traceparent'])
  expect(asked).not.toBe(webhook.headers['traceparent'])
  const [request] = spans.filter(({ name }) => name === 'POST /artifacts')
  expect(request?.attributes).toMatchObject({
    'http.response.status_code': '202',
    'keepr.request_id': answer.headers.get('x-request-id'),
  })
  expect(spans.find(({ name }) => name === 'work validation')?.attributes).toMatchObject({
    'keepr.run_id': validator.requests[0]?.headers['idempotency-key'],
    'keepr.outcome': 'passed',
  })
})

test('log lines of a trace bear its id, beside the ids of the request, of the run and of the delivery', async () => {
  const traceId = randomBytes(16).toString('hex')
  await submit('logged', { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` })
  await webhookOf('logged')
  await waitFor(() => {
    const lines = printed.filter((line) => line.includes(`"trace_id":"${traceId}"`))
    return ['request_id', 'run_id', 'delivery_id'].every((id) => lines.some((line) => line.includes(`"${id}":"`)))
  }, 'a line with each id')
})

test('a caller without a trace begins one, one that sends nonsense too, and one that wants none has none', async () => {
  const nonsense = `00-${'g'.repeat(32)}-${'1'.repeat(16)}-01`
  for (const [name, headers] of Object.entries({ alone: {}, nonsense: { traceparent: nonsense } })) {
    const answer = await submit(name, headers)
    const id = answer.headers.get('x-request-id')
    const span = await waitFor(
      () => collector.spans.find(({ attributes }) => attributes['keepr.request_id'] === id),
      `the span of ${name}`,
    )
    expect(span.parentSpanId).toBe('')
    await traceOf(span.traceId, '')
  }
  const unwanted = randomBytes(16).toString('hex')
  await submit('unwanted', { traceparent: `00-${unwanted}-${'1'.repeat(16)}-00` })
  const webhook = await webhookOf('unwanted')
  expect(webhook.headers['traceparent']).toMatch(new RegExp(`^00-${unwanted}-[0-9a-f]{16}-00$`))
  await submit('after')
  const after = await webhookOf('after')
  await traceOf(String(after.headers['traceparent']).slice(3, 35), '')
  expect(collector.spans.filter(({ traceId }) => traceId === unwanted)).toEqual([])
})

test('spans tell of no secret, no content, no name and no user, and bear the header fields that the collector wants', () => {
  const told = collector.bodies.join()
  expect(told).toContain('deliver webhook')
  expect(new Set(collector.headers.map((fields) => fields['x-scope']))).toEqual(new Set(['keepr']))
  for (const kept of [token, secret, secret.slice(6), authorization.slice(7), 'content-of-', 'traced', 'alice-in-'])
    expect(told, kept).not.toContain(kept)
})

function writeConfiguration(): string {
  const config = join(folder, 'config')
  mkdirSync(config)
  const headers = { authorization: 'Bearer {{VALIDATOR_TOKEN}}' }
  const script = { requires_validation: true, validator: { url: `${validator.url}/check`, headers } }
  const subscriber = { name: 'listener', url: `http://127.0.0.1:${receiver.port}/`, events: ['published'] }
  const subscribers = [{ ...subscriber, secret: '{{WEBHOOK_SECRET}}' }]
  // JSON is YAML.
  writeFileSync(join(config, 'artifact_type_config.yaml'), JSON.stringify({ types: { script } }))
  writeFileSync(join(config, 'webhooks.yaml'), JSON.stringify({ subscribers }))
  return config
}
