import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startWebhookReceiver, type WebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { aSubscriber as subscriberOf, secret, testWorker, type TestWorker } from './support/worker.ts'

const newSecret = `whsec_${randomBytes(32).toString('base64')}`

let worker: TestWorker
let receiver: WebhookReceiver
let status = 204
let name = ''

beforeAll(async () => {
  worker = await testWorker()
  receiver = await startWebhookReceiver({ port: 0, secrets: [secret], respond: () => status })
})
afterAll(async () => {
  await receiver.stop()
  await worker[Symbol.asyncDispose]()
})
beforeEach(() => {
  status = 204
  receiver.received.length = 0
  const subscriber = aSubscriber()
  name = subscriber.name
  worker.configure(subscriber)
})

const aSubscriber = (changes: Parameters<typeof subscriberOf>[1] = {}) => subscriberOf(receiver, changes)
const attemptsOf = (id: string) => worker.database.admin`select error from webhook_attempts where delivery_id = ${id}`
const messagesOf = (ref: string) => worker.database.admin`select 1 from outbox where refs[1] = ${ref}`

describe('fanning out', () => {
  it('makes one delivery per matching subscriber, also when the job runs twice', async () => {
    worker.configure(
      aSubscriber(),
      aSubscriber({ events: ['blocked'] }),
      aSubscriber({ types: ['chain'] }),
      aSubscriber({ groups: ['acme'] }),
    )
    const event = await worker.happened('published')
    await event.fanOut()
    await event.fanOut()
    expect(await worker.deliveriesOf(event.id)).toHaveLength(2)
    expect(await messagesOf(event.id)).toHaveLength(0)
  })

  it('tells what is part of another story with that story only', async () => {
    const event = await worker.happened('rollback', { part_of: randomUUIDv7() })
    await event.fanOut()
    expect(await worker.deliveriesOf(event.id)).toHaveLength(0)
  })

  it('records what a disabled subscriber misses, and sends none of it', async () => {
    await worker.database.admin`insert into webhook_subscribers (name, state) values (${name}, 'disabled')`
    const event = await worker.happened('published')
    await event.fanOut()
    expect(await event.delivery()).toMatchObject({ state: 'missed' })
  })
})

describe('a delivery', () => {
  it('is signed as Standard Webhooks says, and tells no content', async () => {
    const event = await worker.happened('blocked', {
      reason: 'validation_failed',
      findings: [{ severity: 'error', code: 'x', message: 'secret text' }],
    })
    await event.fanOut()
    await worker.deliver((await event.delivery()).id)
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
    expect(await event.delivery()).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  it('verifies with the old and with the new secret during a rotation', async () => {
    worker.configure(aSubscriber({ secret: [newSecret, secret] }))
    const event = await worker.happened('published')
    await event.fanOut()
    await worker.deliver((await event.delivery()).id)
    expect(receiver.received[0]?.verified).toBe(true)
    expect(String(receiver.received[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2)
  })

  it('keeps its id and its text over retries, and is exhausted after the last', async () => {
    status = 503
    const event = await worker.happened('published')
    await event.fanOut()
    const { id, webhook_id } = await event.delivery()
    for (const attempts of [1, 2, 3]) {
      await worker.deliver(id)
      expect(await event.delivery()).toMatchObject({ attempts, state: attempts < 3 ? 'pending' : 'exhausted' })
    }
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([webhook_id]))
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
    expect(await attemptsOf(id)).toHaveLength(3)
    expect(await messagesOf(id)).toHaveLength(0)
  })

  it('is followed by others of its subscriber, of whatever group, and none loses its message', async () => {
    const groups = ['acme', 'acme', 'beta', 'beta', 'gamma']
    const events = await Promise.all(groups.map((group) => worker.happened('published', {}, { group })))
    for (const event of events) await event.fanOut()
    const [first] = events
    if (!first) throw new Error('nothing happened')
    await worker.deliver((await first.delivery()).id)
    for (const event of events) {
      const delivery = await event.delivery()
      expect(delivery).toMatchObject({ state: 'delivered', attempts: 1 })
      expect(await messagesOf(delivery.id)).toHaveLength(0)
    }
  })

  it('that was made is not made again by a second job', async () => {
    const event = await worker.happened('published')
    await event.fanOut()
    const { id } = await event.delivery()
    await worker.deliver(id)
    await worker.deliver(id)
    expect(receiver.received).toHaveLength(1)
  })

  it('disables its subscriber when it answers 410', async () => {
    status = 410
    const event = await worker.happened('published')
    await event.fanOut()
    await worker.deliver((await event.delivery()).id)
    const rows = await worker.database.admin`select state from webhook_subscribers where name = ${name}`
    expect(rows[0]?.['state']).toBe('disabled')
    expect(await event.delivery()).toMatchObject({ state: 'missed' })
  })

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/', /^connection_failed/],
    ['the address is private', 'http://10.0.0.1/', /^address_not_allowed/],
    ['the address is that of cloud metadata', 'http://169.254.169.254/', /^address_not_allowed/],
    ['the URL turns out to hold credentials', 'http://user:word@127.0.0.1/', /^url_not_allowed/],
    ['its secret is not base64', { secret: 'whsec_not base64' }, /^secret_invalid: (?!.*not base64)/],
    ['its secret is short', { secret: [secret, 'whsec_c2hvcnQ='] }, /^secret_invalid/],
    [
      'a header is no header with its secret',
      { headers: { authorization: 'Bearer\r\nhost: x' } },
      /^header_not_allowed: the value of authorization has a line break/,
    ],
  ])('is tried again later when %s', async (_name, changes, error) => {
    worker.configure(aSubscriber(typeof changes === 'string' ? { url: changes } : changes))
    const event = await worker.happened('published')
    await event.fanOut()
    const { id } = await event.delivery()
    await worker.deliver(id)
    expect(await event.delivery()).toMatchObject({ state: 'pending', attempts: 1 })
    const [attempt] = await attemptsOf(id)
    expect(attempt?.['error']).toMatch(error)
    await worker.database.admin`delete from outbox where refs[1] = ${id}`
  })

  it('follows no redirect', async () => {
    status = 302
    const event = await worker.happened('published')
    await event.fanOut()
    await worker.deliver((await event.delivery()).id)
    expect(receiver.received).toHaveLength(1)
    expect(await event.delivery()).toMatchObject({ state: 'pending' })
  })

  it('comes as a CloudEvent to whoever wants one', async () => {
    worker.configure(aSubscriber({ format: 'cloudevents' }))
    const event = await worker.happened('published')
    await event.fanOut()
    await worker.deliver((await event.delivery()).id)
    expect(receiver.received[0]?.headers['content-type']).toBe('application/cloudevents+json')
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      specversion: '1.0',
      id: event.id,
      type: 'artifact.published',
    })
  })
})
