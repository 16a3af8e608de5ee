import { setImmediate as endOfTurn } from 'node:timers/promises'
import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CROWD } from '@keepr/db/outbox/take-wake-up'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { startWebhookReceiver, type WebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { createDeliveryDesk } from '../src/delivery-desk.ts'
import { createDeliveryHand } from '../src/delivery-hand.ts'
import { createSlots } from '../src/delivery/slots.ts'
import { fanOutEvents } from '../src/jobs/fan-out-events.ts'
import { aSubscriber, secret, testWorker, type TestWorker } from './support/worker.ts'

const AT_ONCE = 16

let worker: TestWorker
let receiver: WebhookReceiver
let answer: () => number | Promise<number> = () => 204
let name = ''

beforeAll(async () => {
  worker = await testWorker()
  receiver = await startWebhookReceiver({ port: 0, secrets: [secret], respond: () => answer() })
})
afterAll(async () => {
  await receiver.stop()
  await worker[Symbol.asyncDispose]()
})
beforeEach(async () => {
  answer = () => 204
  receiver.received.length = 0
  await worker.database.admin`delete from outbox`
  const subscriber = aSubscriber(receiver)
  name = subscriber.name
  worker.configure(subscriber)
})

/** So many events of a group, fanned out by one job. */
async function fannedOut(count: number, group = 'acme'): Promise<void> {
  const events = await Promise.all(Array.from({ length: count }, () => worker.happened('published', {}, { group })))
  await worker.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
  await events[0]?.fanOutAndDeliver()
}
const states = async () =>
  Object.fromEntries(
    (
      await worker.database.admin<{ state: string; count: number }[]>`
        select state, count(*)::int from webhook_deliveries where subscriber = ${name} group by state`
    ).map(({ state, count }) => [state, count]),
  )
const messages = async () =>
  (
    await worker.database.admin<{ leased: number; due: number }[]>`
      select count(*) filter (where leased_until is not null)::int as leased,
             count(*) filter (where leased_until is null and due_at <= clock_timestamp())::int as due
        from outbox where lane = ${name}`
  )[0]
const longestLeaseS = async () =>
  (
    await worker.database.admin<{ seconds: number }[]>`
      select coalesce(max(extract(epoch from leased_until - clock_timestamp())), 0)::float8 as seconds
        from outbox where lane = ${name}`
  )[0]?.seconds ?? 0
const delivered = (count: number) =>
  waitFor(async () => (await states())['delivered'] === count, `${count} deliveries to be made`)
/** Counts how many webhooks are on their way at once. */
function counted(answerMs: number): { most: number } {
  const seen = { most: 0 }
  let now = 0
  answer = async () => {
    seen.most = Math.max(seen.most, ++now)
    await new Promise((resolve) => setTimeout(resolve, answerMs))
    now -= 1
    return 204
  }
  return seen
}
/** A message that another worker has leased, or that waits. */
const message = (leased: boolean) => worker.database.admin`
  insert into outbox (id, kind, lane, group_id, refs, leased_until)
  values (${randomUUIDv7()}, 'deliver_webhook', ${name}, 'acme', ${[randomUUIDv7()]}::uuid[],
          ${leased ? new Date(Date.now() + 20_000) : null})`

describe('what is fanned out', () => {
  it('is delivered by the same worker, and leaves no message', async () => {
    await fannedOut(AT_ONCE) // none of them waits, which on a busy machine could be for so long that it is left to others
    await delivered(AT_ONCE)
    expect(receiver.received).toHaveLength(AT_ONCE)
    expect(await messages()).toEqual({ leased: 0, due: 0 })
    const attempts = await worker.database.admin`
      select t.status from webhook_attempts t join webhook_deliveries d on d.id = t.delivery_id where d.subscriber = ${name}`
    expect(attempts).toHaveLength(AT_ONCE)
  })

  it('is delivered once, also when the job runs twice at once', async () => {
    const event = await worker.happened('published')
    await Promise.all([event.fanOutAndDeliver(), event.fanOutAndDeliver()])
    await delivered(1)
    expect(receiver.received).toHaveLength(1)
  })

  it('is taken over from other groups without a wake-up, where many changes were fanned out together', async () => {
    const events = await Promise.all(Array.from({ length: CROWD }, () => worker.happened('published')))
    const elsewhere = await worker.happened('published', {}, { group: 'globex' })
    await worker.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    await events[0]?.fanOutAndDeliver()
    await delivered(CROWD + 1)
    expect((await elsewhere.delivery()).state).toBe('delivered')
  })

  it('is given back where it was taken over and cannot be fanned out', async () => {
    const events = await Promise.all(Array.from({ length: CROWD }, () => worker.happened('published')))
    await worker.happened('published', {}, { group: 'globex' })
    await worker.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    const { db } = worker.ctx
    const withService: typeof db.withService = (group, story) =>
      group === 'globex' ? Promise.reject(new Error('the connection was cut')) : db.withService(group, story)
    const [first] = events
    if (first) await fanOutEvents({ ...worker.ctx, db: { ...db, withService } }, worker.hand)(first.message)
    const left = await worker.database.admin`select group_id, leased_until from outbox where kind = 'fan_out_events'`
    expect(left).toEqual([{ group_id: 'globex', leased_until: null }])
  })

  it('leaves what happens elsewhere to its own wake-up after a single change', async () => {
    const event = await worker.happened('published')
    const elsewhere = await worker.happened('published', {}, { group: 'globex' })
    await worker.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    await event.fanOutAndDeliver()
    await delivered(1)
    expect(await worker.deliveriesOf(elsewhere.id)).toEqual([])
  })

  it('is on its way to one subscriber no more often than its lane bears', async () => {
    const seen = counted(100)
    await fannedOut(60)
    await delivered(60)
    expect(seen.most).toBe(AT_ONCE)
  })

  it('is on its way no more often than that when several workers fan out at once', async () => {
    const seen = counted(100)
    const groups = ['one', 'two', 'three']
    const events = await Promise.all(groups.map((group) => worker.happened('published', {}, { group })))
    for (const group of groups)
      await Promise.all(Array.from({ length: 39 }, () => worker.happened('published', {}, { group })))
    await worker.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    const hands = groups.map(() => {
      const ctx = { ...worker.ctx, db: worker.database.connectAs('keepr_webhook') }
      const hand = createDeliveryHand(ctx, createDeliveryDesk(ctx))
      return { hand, fanOut: fanOutEvents(ctx, hand) }
    })
    await Promise.all(events.map(async ({ message }, index) => await hands[index]?.fanOut(message)))
    await waitFor(() => receiver.received.length >= AT_ONCE, 'the first to be delivered')
    await Promise.all(hands.map(({ hand }) => hand.close(2000)))
    expect(seen.most).toBe(AT_ONCE)
  })

  it('is on its way no more often than the process may deliver at once', async () => {
    const seen = counted(10)
    await using small = await testWorker({ slots: createSlots(2) })
    small.configure(aSubscriber(receiver), aSubscriber(receiver))
    const events = await Promise.all(Array.from({ length: 10 }, () => small.happened('published')))
    await small.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    await events[0]?.fanOutAndDeliver()
    const [last] = await small.database.admin<{ id: string }[]>`
      update outbox o set leased_until = null where id = (
        select id from outbox where kind = 'deliver_webhook' order by id desc limit 1) returning refs[1] as id`
    await small.deliver(last?.id ?? '') // the queue brings one, too
    expect(seen.most).toBe(2)
  })

  it('is delivered to all, one after the other, where there are fewer slots than subscribers', async () => {
    await using small = await testWorker({ slots: createSlots(2) })
    small.configure(...Array.from({ length: 5 }, () => aSubscriber(receiver)))
    const events = await Promise.all(Array.from({ length: 3 }, () => small.happened('published')))
    await small.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    await events[0]?.fanOutAndDeliver()
    // Without a relay what is given back stays.
    await waitFor(() => receiver.received.length === 15, 'what waits for a slot to be delivered')
  })

  it('is delivered also after its slot was left to what the queue brings', async () => {
    const slots = createSlots(1)
    await using small = await testWorker({ slots })
    small.configure(aSubscriber(receiver))
    const { promise, resolve } = Promise.withResolvers<number>()
    answer = () => promise
    const events = await Promise.all(Array.from({ length: 3 }, () => small.happened('published')))
    await small.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    await events[0]?.fanOutAndDeliver()
    const slot = slots.wait()
    resolve(204)
    await slot
    slots.release()
    await waitFor(() => receiver.received.length === 3, 'what waits for a slot to be delivered')
  })

  it('wakes no relay where the subscriber is disabled, as it is only recorded', async () => {
    const nudge = vi.fn()
    await using other = await testWorker({ relay: { nudge, nudgeIn: () => {} } })
    const subscriber = aSubscriber(receiver)
    other.configure(subscriber)
    await other.database.admin`insert into webhook_subscribers (name, state) values (${subscriber.name}, 'disabled')`
    const event = await other.happened('published')
    await event.fanOutAndDeliver()
    expect((await event.delivery()).state).toBe('missed')
    expect(nudge).not.toHaveBeenCalled()
  })

  it.each(['fanned out', 'taken over'])(
    'goes to another worker within half a minute if this one dies, however long its subscriber has to answer (%s)',
    async (how) => {
      const patient = aSubscriber(receiver, { timeout: 3_600_000 })
      name = patient.name
      worker.configure(patient)
      const leases: number[] = []
      answer = async () => {
        leases.push(await longestLeaseS())
        return 204
      }
      if (how === 'fanned out') await fannedOut(2)
      else {
        const [first, second] = [await worker.happened('published'), await worker.happened('published')]
        for (const event of [first, second]) await event.fanOut()
        await worker.deliver((await first.delivery()).id)
      }
      await delivered(2)
      expect(Math.max(...leases)).toBeGreaterThan(0)
      expect(Math.max(...leases)).toBeLessThan(30)
    },
  )

  it('is left to the relay where other workers have the lane in use', async () => {
    for (let n = 0; n < AT_ONCE - 2; n++) await message(true)
    await fannedOut(5)
    await delivered(2)
    expect(await messages()).toEqual({ leased: AT_ONCE - 2, due: 3 })
  })

  it('is left to the relay where others wait for longer', async () => {
    await message(false)
    await fannedOut(5)
    expect(await messages()).toEqual({ leased: 0, due: 6 })
    expect(receiver.received).toHaveLength(0)
  })

  it.each(['failing', 'paused'])('is left to the relay where the subscriber is %s', async (how) => {
    await worker.database.admin`
      insert into webhook_subscribers (name, state, failing_since)
      values (${name}, ${how === 'paused' ? 'paused' : 'active'}, now())`
    await fannedOut(5)
    expect(await messages()).toEqual({ leased: 0, due: 5 })
  })
})

describe('what waits for its turn', () => {
  it('is given back once its subscriber fails', async () => {
    answer = () => 500
    await fannedOut(50)
    await waitFor(async () => (await messages())?.leased === 0, 'the leases to end')
    expect(receiver.received.length).toBeLessThan(50)
    expect((await messages())?.due).toBe(50 - receiver.received.length)
    expect(await states()).toEqual({ pending: 50 })
  })

  it('is given back when the subscriber is slow, and what is on its way is not', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    answer = () => promise
    await fannedOut(50)
    await waitFor(async () => (await messages())?.due === 50 - AT_ONCE, 'the others to be given back')
    expect((await messages())?.leased).toBe(AT_ONCE)
    resolve(204)
    await delivered(AT_ONCE)
  })

  it('is given back also when a timer is early', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    answer = () => promise
    const timers = vi.spyOn(globalThis, 'setTimeout')
    await fannedOut(50)
    const early = timers.mock.calls.find(([, ms]) => ms === 1000)
    timers.mockRestore()
    early?.[0]()
    await waitFor(async () => (await messages())?.due === 50 - AT_ONCE, 'the others to be given back', 500)
    resolve(204)
    await delivered(AT_ONCE)
  })

  it('keeps a process that ends until it is given back, when it was being written', async () => {
    await using ending = await testWorker()
    const claim = ending.hand.claim()
    const order: string[] = []
    const closed = ending.hand.close(10_000).then(() => order.push('closed'))
    for (let turn = 0; turn < 20; turn++) await endOfTurn() // without anything to wait for it closes within these
    order.push('given back')
    claim[Symbol.dispose]()
    await closed
    expect(order).toEqual(['given back', 'closed'])
  })

  it('is given back when the process ends, after what is on its way has ended', async () => {
    await using ending = await testWorker()
    const subscriber = aSubscriber(receiver)
    ending.configure(subscriber)
    answer = () => new Promise((resolve) => setTimeout(() => resolve(204), 50))
    const events = await Promise.all(Array.from({ length: 20 }, () => ending.happened('published')))
    await ending.database.admin`update outbox set leased_until = null where kind = 'fan_out_events'`
    await events[0]?.fanOutAndDeliver()
    await ending.hand.close(2000)
    const left = await ending.database.admin`select leased_until from outbox where lane = ${subscriber.name}`
    expect(left).toEqual(Array.from({ length: 4 }, () => ({ leased_until: null })))
    const made = await ending.database.admin`select 1 from webhook_deliveries where state = 'delivered'`
    expect(made).toHaveLength(AT_ONCE)
  })
})
