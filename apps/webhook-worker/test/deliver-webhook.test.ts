import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EventType, JsonObject } from '@keepr/db/rows'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { startWebhookReceiver, type WebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { Context } from '../src/context.ts'
import { deliverWebhook } from '../src/jobs/deliver-webhook.ts'
import { fanOutEvents } from '../src/jobs/fan-out-events.ts'
import { webhookMetrics } from '../src/webhook-metrics.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const newSecret = `whsec_${randomBytes(32).toString('base64')}`
const never = new AbortController().signal

let database: TestDatabase
let receiver: WebhookReceiver
let status = 204
let subscribers: SubscriberConfig[] = []
let ctx: Context

beforeAll(async () => {
  database = await createTestDatabase()
  receiver = await startWebhookReceiver({ port: 0, secrets: [secret], respond: () => status })
  const redactor = createRedactor()
  ctx = {
    db: database.connectAs('keepr_webhook'),
    log: createLog({ service: 'test', level: 'silent', pretty: false, redactor }),
    metrics: webhookMetrics(createMetrics('test')),
    redactor,
    secrets: { resolve: async (template) => template },
    outbound: createOutbound({ outboundAllowAddresses: ['127.0.0.0/8'], outboundAllowHttp: true }),
    subscribers: () => subscribers,
    relay: { nudge: () => {}, nudgeIn: () => {} },
    now: Date.now,
    random: () => 0,
    schedule: [1000, 2000],
    retention: { deliveriesMs: 1e9, attemptsMs: 1e9 },
  }
})
afterAll(async () => {
  await receiver.stop()
  await database[Symbol.asyncDispose]()
})
beforeEach(() => {
  status = 204
  receiver.received.length = 0
  subscribers = [aSubscriber()]
})

const aSubscriber = (changes: Partial<SubscriberConfig> = {}): SubscriberConfig => ({
  name: `subscriber-${randomBytes(4).toString('hex')}`,
  url: `http://127.0.0.1:${receiver.port}/hook`,
  events: ['published', 'blocked', 'rollback'],
  secret,
  headers: {},
  timeout: 2000,
  format: 'standard',
  allow_addresses: [],
  ...changes,
})

/** An event as a change leaves it, with its message. */
async function happened(event_type: EventType, event_data: JsonObject = {}) {
  const [id, artifact_id] = [randomUUIDv7(), randomUUIDv7()]
  const name = `artifact-${id}`
  await database.admin`
    insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor,
                                 status, usage_policy, content_hash, created_by, was_published)
    values (${id}, 'acme', ${artifact_id}, 'prompt', ${name}, '1', 3, ${event_type}, ${database.admin.json(event_data)}, 'alice',
            'published', 'internal_only', ${'a'.repeat(64)}, 'alice', true)`
  await database.admin`
    insert into outbox (id, kind, lane, group_id, refs) values (${randomUUIDv7()}, 'fan_out_events', 'events', 'acme', ${[id]}::uuid[])`
  return { id, message: message([id]) }
}
const message = (refs: string[]) => ({ message_id: randomUUIDv7(), generation: 0, group_id: 'acme', refs })

async function deliveriesOf(eventId: string) {
  return await database.admin<{ id: string; state: string; attempts: number; webhook_id: string; payload: string }[]>`
    select id, state, attempts, webhook_id, payload from webhook_deliveries where event_id = ${eventId} order by subscriber`
}
async function onlyDelivery(eventId: string) {
  const [delivery, ...others] = await deliveriesOf(eventId)
  expect(others).toEqual([])
  if (!delivery) throw new Error('there is no delivery')
  return delivery
}
const deliver = (id: string) => deliverWebhook(ctx)(message([id]), never)

describe('fanning out', () => {
  it('makes one delivery per matching subscriber, also when the job runs twice', async () => {
    subscribers = [
      aSubscriber(),
      aSubscriber({ events: ['blocked'] }),
      aSubscriber({ types: ['chain'] }),
      aSubscriber({ groups: ['acme'] }),
    ]
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    await fanOutEvents(ctx)(event.message)
    expect(await deliveriesOf(event.id)).toHaveLength(2)
    expect(await database.admin`select 1 from outbox where refs[1] = ${event.id}`).toHaveLength(0)
  })

  it('tells what is part of another story with that story only', async () => {
    const event = await happened('rollback', { part_of: randomUUIDv7() })
    await fanOutEvents(ctx)(event.message)
    expect(await deliveriesOf(event.id)).toHaveLength(0)
  })

  it('records what a disabled subscriber misses, and sends none of it', async () => {
    const [subscriber] = subscribers
    await database.admin`insert into webhook_subscribers (name, state) values (${subscriber?.name ?? ''}, 'disabled')`
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    expect(await onlyDelivery(event.id)).toMatchObject({ state: 'missed' })
  })
})

describe('a delivery', () => {
  it('is signed as Standard Webhooks says, and tells no content', async () => {
    const event = await happened('blocked', {
      reason: 'validation_failed',
      findings: [{ severity: 'error', code: 'x', message: 'secret text' }],
    })
    await fanOutEvents(ctx)(event.message)
    await deliver((await onlyDelivery(event.id)).id)
    const [webhook] = receiver.received
    expect(webhook?.verified).toBe(true)
    expect(JSON.parse(webhook?.body ?? '')).toMatchObject({
      type: 'artifact.blocked',
      data: {
        event_id: event.id,
        sequence: 3,
        group_id: 'acme',
        reason: 'validation_failed',
        findings: [{ severity: 'error', code: 'x' }],
      },
    })
    expect(webhook?.body).not.toContain('secret text')
    expect(await onlyDelivery(event.id)).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  it('verifies with the old and with the new secret during a rotation', async () => {
    subscribers = [aSubscriber({ secret: [newSecret, secret] })]
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    await deliver((await onlyDelivery(event.id)).id)
    expect(receiver.received[0]?.verified).toBe(true)
    expect(String(receiver.received[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2)
  })

  it('keeps its id and its text over retries, and is exhausted after the last', async () => {
    status = 503
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    const { id, webhook_id } = await onlyDelivery(event.id)
    for (const attempts of [1, 2, 3]) {
      await deliver(id)
      expect(await onlyDelivery(event.id)).toMatchObject({ attempts, state: attempts < 3 ? 'pending' : 'exhausted' })
    }
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([webhook_id]))
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
    expect(await database.admin`select 1 from webhook_attempts where delivery_id = ${id}`).toHaveLength(3)
    expect(await database.admin`select 1 from outbox where refs[1] = ${id}`).toHaveLength(0)
  })

  it('that was made is not made again by a second job', async () => {
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    const { id } = await onlyDelivery(event.id)
    await deliver(id)
    await deliver(id)
    expect(receiver.received).toHaveLength(1)
  })

  it('disables its subscriber when it answers 410', async () => {
    status = 410
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    await deliver((await onlyDelivery(event.id)).id)
    const rows = await database.admin`select state from webhook_subscribers where name = ${subscribers[0]?.name ?? ''}`
    expect(rows[0]?.['state']).toBe('disabled')
    expect(await onlyDelivery(event.id)).toMatchObject({ state: 'missed' })
  })

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/', /^connection_failed/],
    ['the address is private', 'http://10.0.0.1/', /^address_not_allowed/],
    ['the address is that of cloud metadata', 'http://169.254.169.254/', /^address_not_allowed/],
  ])('is tried again later when %s', async (_name, url, error) => {
    subscribers = [aSubscriber({ url })]
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    const { id } = await onlyDelivery(event.id)
    await deliver(id)
    expect(await onlyDelivery(event.id)).toMatchObject({ state: 'pending', attempts: 1 })
    const [attempt] = await database.admin`select error from webhook_attempts where delivery_id = ${id}`
    expect(attempt?.['error']).toMatch(error)
    await database.admin`delete from outbox where refs[1] = ${id}`
  })

  it('follows no redirect', async () => {
    status = 302
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    await deliver((await onlyDelivery(event.id)).id)
    expect(receiver.received).toHaveLength(1)
    expect(await onlyDelivery(event.id)).toMatchObject({ state: 'pending' })
  })

  it('comes as a CloudEvent to whoever wants one', async () => {
    subscribers = [aSubscriber({ format: 'cloudevents' })]
    const event = await happened('published')
    await fanOutEvents(ctx)(event.message)
    await deliver((await onlyDelivery(event.id)).id)
    expect(receiver.received[0]?.headers['content-type']).toBe('application/cloudevents+json')
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      specversion: '1.0',
      id: event.id,
      type: 'artifact.published',
    })
  })
})
