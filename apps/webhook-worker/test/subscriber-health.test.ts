import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { startWebhookReceiver, type WebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { aSubscriber, secret, testWorker, type TestWorker } from './support/worker.ts'

let worker: TestWorker
let receiver: WebhookReceiver
let status = 204
let name = ''
beforeAll(async () => {
  worker = await testWorker({ schedule: [60_000, 60_000] })
  receiver = await startWebhookReceiver({ port: 0, secrets: [secret], respond: () => status })
})
afterAll(async () => {
  await receiver.stop()
  await worker[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await worker.database
    .admin`truncate webhook_subscribers, webhook_deliveries, webhook_attempts, outbox, operational_events`
  receiver.received.length = 0
  worker.logged.length = 0
  const subscriber = aSubscriber(receiver)
  name = subscriber.name
  worker.configure(subscriber)
})

/** Fans out so many events, and gives the ids of their deliveries. */
async function waiting(count: number, group = 'acme'): Promise<string[]> {
  const ids = []
  for (let n = 0; n < count; n++) {
    const event = await worker.happened('published', {}, { group })
    await event.fanOut()
    ids.push((await event.delivery()).id)
  }
  return ids
}
const deliverAll = (ids: readonly string[]) => Promise.all(ids.map((id) => worker.deliver(id)))
const pauseNow = () => worker.database.admin`
  insert into webhook_subscribers (name, state, failing_since, probe_at) values (${name}, 'paused', now() - interval '4 days', now() + interval '1 hour')`
const probeIsDue = () =>
  worker.database.admin`update webhook_subscribers set probe_at = now() - interval '1 second' where name = ${name}`
const toldOperators = async (type: string) =>
  await worker.database
    .admin`select event_data, actor from operational_events where event_type = ${type} and subject = ${name}`
const logLines = (text: string) => worker.logged.filter(({ msg }) => msg === text)
const stateOf = async () =>
  (await worker.database.admin`select state from webhook_subscribers where name = ${name}`)[0]?.['state']
const statesOf = async () => {
  const rows = await worker.database.admin<{ state: string; count: number }[]>`
    select state, count(*)::int as count from webhook_deliveries group by state`
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}
const parked = async () =>
  (await worker.database.admin`select 1 from outbox where due_at > now() + interval '10 years'`).count
const dueNow = async () => (await worker.database.admin`select 1 from outbox where due_at <= clock_timestamp()`).count

describe('a subscriber that fails', () => {
  it('is noted once, however often it fails, and forgotten with its next success', async () => {
    status = 500
    const ids = await waiting(3)
    await deliverAll(ids.slice(0, 1))
    const noted = async () =>
      (
        await worker.database
          .admin`select xmin::text as version, state, reason from webhook_subscribers where name = ${name}`
      )[0]
    const first = await noted()
    expect(first).toMatchObject({ state: 'active', reason: 'it answered 500' })
    await deliverAll(ids.slice(1))
    expect(await noted()).toEqual(first)
    status = 204
    await deliverAll(ids)
    expect(
      (await worker.database.admin`select failing_since from webhook_subscribers where name = ${name}`)[0],
    ).toEqual({
      failing_since: null,
    })
  })

  it('is paused after it failed for long: once, with a log line, a metric and an operational event', async () => {
    status = 500
    const before = await worker.metric('keepr_webhook_subscriber_transitions_total', { transition: 'paused' })
    const ids = await waiting(8)
    await deliverAll(ids.slice(0, 1))
    await worker.database.admin`update webhook_subscribers set failing_since = now() - interval '3 days'`
    await deliverAll(ids.slice(1)) // all at once
    expect(await stateOf()).toBe('paused')
    expect(await toldOperators('subscriber_paused')).toEqual([
      { event_data: { reason: 'it answered 500' }, actor: 'system:webhook-worker' },
    ])
    expect(logLines('a subscriber failed for long and is paused')).toMatchObject([{ subscriber: name, level: 'error' }])
    expect(await worker.metric('keepr_webhook_subscriber_transitions_total', { transition: 'paused' })).toBe(before + 1)
    await worker.sweep()
    expect(await worker.metric('keepr_webhook_subscribers', { state: 'paused' })).toBe(1)
  })

  it('that says 410 is disabled, and what waits for it is missed, in every group', async () => {
    status = 410
    const ids = [...(await waiting(2)), ...(await waiting(2, 'other'))]
    await deliverAll(ids.slice(0, 1))
    expect(await stateOf()).toBe('disabled')
    expect(await toldOperators('subscriber_disabled')).toEqual([
      { event_data: { reason: 'it answered 410 Gone' }, actor: 'system:webhook-worker' },
    ])
    expect(logLines('a subscriber is disabled')).toHaveLength(1)
    await worker.deliver(ids[1] ?? '')
    expect(receiver.received).toHaveLength(1)
    await worker.sweep()
    expect(await statesOf()).toEqual({ missed: 4 })
    expect(await worker.database.admin`select 1 from outbox`).toHaveLength(0)
    const counts = (await toldOperators('deliveries_missed')).map(
      ({ event_data }) => (event_data as { count: number }).count,
    )
    expect(counts.toSorted((one, other) => one - other)).toEqual([1, 2])
  })
})

describe('a paused subscriber', () => {
  it('is called by one delivery at a time, and no other', async () => {
    status = 500
    const ids = await waiting(10)
    await pauseNow()
    await deliverAll(ids)
    expect(receiver.received).toHaveLength(0)
    expect(await parked()).toBe(10)
    await probeIsDue()
    await deliverAll(ids) // every one of them would like to be the probe
    expect(receiver.received).toHaveLength(1)
    expect(await parked()).toBe(10)
    expect(await toldOperators('subscriber_probed')).toHaveLength(1)
    expect(logLines('a paused subscriber is probed')).toHaveLength(1)
    expect(await toldOperators('subscriber_paused')).toHaveLength(0) // it stays paused: no news
    // The attempt is on record and uses up nothing of the delivery's schedule.
    expect(await worker.database.admin`select status from webhook_attempts`).toEqual([{ status: 500 }])
    expect(await worker.database.admin`select 1 from webhook_deliveries where attempts > 0`).toHaveLength(0)
  })

  it('is woken by the sweep with one delivery when its probe is due, also by several sweeps', async () => {
    const ids = await waiting(5)
    await pauseNow()
    await deliverAll(ids)
    await worker.sweep()
    expect(await dueNow()).toBe(0)
    await probeIsDue()
    await Promise.all([worker.sweep(), worker.sweep(), worker.sweep()])
    await worker.sweep()
    expect(await dueNow()).toBeGreaterThan(0)
    await deliverAll(ids)
    expect(receiver.received).toHaveLength(1)
  })

  it('is resumed by a probe that it takes, and all that waited is due', async () => {
    status = 204
    const ids = await waiting(4)
    await pauseNow()
    await deliverAll(ids)
    await probeIsDue()
    await worker.deliver(ids[2] ?? '')
    expect(await stateOf()).toBe('active')
    expect(await toldOperators('subscriber_resumed')).toEqual([
      { event_data: { reason: 'it took a probe' }, actor: 'system:webhook-worker' },
    ])
    expect(logLines('a paused subscriber is well again')).toMatchObject([{ subscriber: name }])
    expect(await worker.metric('keepr_webhook_subscriber_transitions_total', { transition: 'resumed' })).toBe(1)
    expect(await dueNow()).toBe(3)
    for (const id of ids) await worker.deliver(id)
    expect(await statesOf()).toEqual({ delivered: 4 })
    expect(receiver.received).toHaveLength(4)
  })

  it('is probed again after a worker died with the probe', async () => {
    const [id = ''] = await waiting(1)
    await pauseNow()
    await probeIsDue()
    const dying = new AbortController()
    await using hanging = await startWebhookReceiver({
      port: 0,
      secrets: [secret],
      respond: () => new Promise(() => {}),
    })
    const [known] = worker.ctx.subscribers()
    if (!known) throw new Error('there is a subscriber')
    worker.configure({ ...known, url: `http://127.0.0.1:${hanging.port}/` })
    const dead = worker.deliver(id, { signal: dying.signal })
    await waitFor(() => hanging.received.length === 1, 'the probe to be on its way')
    dying.abort()
    await expect(dead).rejects.toThrow('stopped')
    worker.configure(known)
    await worker.deliver(id)
    expect(receiver.received).toHaveLength(0) // not before it is time
    await probeIsDue()
    await worker.deliver(id)
    expect(await statesOf()).toEqual({ delivered: 1 })
  })

  it('that was resumed while a delivery was parked gets it from the next sweep', async () => {
    const ids = await waiting(3)
    await pauseNow()
    await deliverAll(ids)
    await worker.database.admin`update webhook_subscribers set state = 'active', probe_at = null`
    await worker.sweep()
    expect(await dueNow()).toBe(3)
  })

  it('misses what it was paused for as long as deliveries are tried', async () => {
    const ids = await waiting(3)
    await pauseNow()
    await deliverAll(ids)
    await worker.database
      .admin`update webhook_deliveries set created_at = now() - interval '10 minutes' where id = any (${ids.slice(0, 2)}::uuid[])`
    await worker.sweep()
    expect(await statesOf()).toEqual({ missed: 2, pending: 1 })
  })
})

describe('a pending delivery whose message was lost', () => {
  it('gets a new one from a sweep, once it is certain that none is on its way', async () => {
    const ids = await waiting(3)
    await worker.database.admin`delete from outbox where refs[1] = any (${ids.slice(0, 2)}::uuid[])`
    await worker.database
      .admin`update webhook_deliveries set created_at = now() - interval '2 minutes' where id = ${ids[0] ?? ''}`
    await worker.sweep()
    const messages = await worker.database.admin<{ id: string }[]>`select refs[1] as id from outbox`
    expect(messages.map(({ id }) => id).toSorted()).toEqual(ids.filter((id) => id !== ids[1]).toSorted())
  })
})

describe('what is older than its retention', () => {
  it('is removed, but for deliveries that are still to be made', async () => {
    const ids = await waiting(2)
    await deliverAll(ids)
    ids.push(...(await waiting(1)))
    const [old = '', recent = '', pending = ''] = ids
    await worker.database.admin`
      update webhook_deliveries set created_at = now() - interval '12 days' where id = any (${[old, pending]}::uuid[])`
    await worker.database.admin`
      insert into webhook_attempts (id, group_id, delivery_id, at, duration_ms)
      select gen_random_uuid(), 'acme', ${recent}, now() - interval '12 days', 1 from generate_series(1, 1200)`
    await worker.sweep()
    const left = await worker.database.admin<{ id: string }[]>`select id from webhook_deliveries order by id`
    expect(left.map(({ id }) => id)).toEqual([recent, pending].toSorted())
    const attempts = await worker.database.admin`select 1 from webhook_attempts where at < now() - interval '11 days'`
    expect(attempts).toHaveLength(0)
  })
})

describe('a subscriber that was removed', () => {
  it('is not called any more, and what waited for it is missed; one that is only new here is waited for', async () => {
    const ids = await waiting(3)
    worker.configure()
    await worker.deliver(ids[0] ?? '')
    await worker.sweep()
    expect(await statesOf()).toEqual({ pending: 3 }) // its configuration may be on its way
    await worker.database.admin`update webhook_deliveries set created_at = now() - interval '11 minutes'`
    await worker.deliver(ids[1] ?? '')
    expect(await statesOf()).toEqual({ missed: 3 })
    await worker.database.admin`update webhook_deliveries set state = 'pending'`
    await worker.sweep()
    expect(await statesOf()).toEqual({ missed: 3 })
    expect(receiver.received).toHaveLength(0)
    expect(await worker.metric('keepr_webhook_missed_deliveries_total')).toBeGreaterThanOrEqual(6)
  })
})
