import { setTimeout as pause } from 'node:timers/promises'
import { askOnce } from '../child/ask-once.ts'
import type { PostFloor } from '../floors/post.ts'
import type { Line } from '../report/line.ts'
import { median } from '../report/median.ts'
import { percentile } from '../report/percentile.ts'
import type { Bench } from '../stage/bench.ts'
import type { Product } from '../stage/product.ts'
import { alternate, type Run } from './alternate.ts'
import { plainLine, ratioLine } from './line-of.ts'
import { postEach } from './post-each.ts'
import type { Row } from './row.ts'
import { outboxEmpty, verdictsStored } from './settled.ts'
import { warmUp } from './warm-up.ts'

const EVENTS = 2000 // a run of about two seconds, as the floor's is
const SUBSCRIBERS = 5
const LIVE = 4
const CONCURRENCY = 64 // of the worker; the product's default

export const webhooks: Row = {
  id: 'webhooks',
  about: 'event → delivered webhook, 5 subscribers; and beside one that never answers',
  async run(bench) {
    const product = await bench.small()
    const sides = { keepr: () => deliveredPerSecond(bench, product), floor: () => postedPerSecond(bench) }
    await warmUp(sides)
    const measured = await alternate(bench, sides)
    const line = ratioLine(
      { id: 'webhooks', what: `event → delivered, ${SUBSCRIBERS} subscribers`, unit: '/s' },
      measured,
      { atLeast: 0.4 },
    )
    return [line, await besideDead(bench, product)]
  },
}

let run = 0

type Backlog = { type: string; events: number; live: number }
const announced = { type: 'announced', events: EVENTS, live: SUBSCRIBERS }

/** Events that have piled up while the worker was held: from the moment that it goes on to the last delivery. */
export async function deliveredPerSecond(
  { sink }: Bench,
  product: Product,
  { type, events, live }: Backlog = announced,
): Promise<Run> {
  const { pid } = product.network.services.webhook
  if (pid === undefined) throw new Error('the webhook worker does not run')
  await sink.ask({ forget: true })
  process.kill(pid, 'SIGSTOP')
  try {
    await publishAll(product, type, events)
    await verdictsStored(product, type, 0)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  const startedAt = Date.now()
  const deliveries = events * live
  while ((await sink.ask({ start: true })).count < deliveries) await pause(10)
  const { received } = await sink.ask({ read: true })
  const lastAt = Math.max(...received.map(({ at }) => at))
  await outboxEmpty(product)
  return { answers: deliveries, perSecond: deliveries / ((lastAt - startedAt) / 1000) }
}

const publishAll = async (product: Product, type: string, count: number): Promise<void> => {
  const prefix = `announced-${run++}`
  const bodies = Array.from({ length: count }, (_, index) => ({ name: `${prefix}-${index}`, type, content: { index } }))
  await postEach(
    product,
    bodies.map((body) => ({ path: '/artifacts/', body })),
    16,
  )
}

async function postedPerSecond({ sink, options }: Bench): Promise<Run> {
  const { address } = await sink.ask({ forget: true })
  const artifact = { id: crypto.randomUUID(), name: 'announced-1-1', type: 'announced', version: '1', metadata: {} }
  const input = {
    url: `http://${address}/floor`,
    body: JSON.stringify({ type: 'artifact.published', timestamp: new Date().toISOString(), data: { artifact } }),
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'msg_floor',
      'webhook-signature': `v1,${'x'.repeat(44)}`,
    },
    seconds: options.seconds,
    concurrency: CONCURRENCY,
  }
  const entry = new URL('../floors/post.ts', import.meta.url)
  const posted = await askOnce<PostFloor>(entry, input)
  await sink.ask({ forget: true })
  return posted
}

/** The p99 of event → delivered over the live subscribers, at a gentle rate, with and without a dead one among the five. */
async function besideDead(bench: Bench, product: Product): Promise<Line> {
  const pairs: { alone: number; beside: number }[] = []
  for (let round = 0; round < bench.options.rounds; round++) {
    const alone = await p99At(bench, product, 'announced')
    pairs.push({ alone, beside: await p99At(bench, product, 'announced_beside_a_dead_one') })
  }
  const ratio = median(pairs.map(({ alone, beside }) => beside / alone))
  const note = `p99 of the others ${pairs.map(({ alone, beside }) => `${alone.toFixed(0)} → ${beside.toFixed(0)} ms`).join(', ')}`
  return plainLine({ id: 'webhooks-dead', what: 'one dead subscriber of five', unit: '×', note }, ratio, {
    atMost: 1.1,
  })
}

async function p99At({ sink }: Bench, product: Product, type: string): Promise<number> {
  const count = 120
  const prefix = `gentle-${run++}`
  await sink.ask({ forget: true })
  const submitted: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) {
    const body = { name: `${prefix}-${index}`, type, content: { index } }
    submitted.push(postEach(product, [{ path: '/artifacts/', body }], 1))
    await pause(20)
  }
  await Promise.all(submitted)
  const wanted = count * (type === 'announced' ? SUBSCRIBERS : LIVE)
  for (const end = Date.now() + 30_000; (await sink.ask({ start: true })).count < wanted && Date.now() < end;)
    await pause(20)
  const { received } = await sink.ask({ read: true })
  const live = received.filter(({ subscriber }) => subscriber !== 'fifth')
  if (live.length < count * LIVE) throw new Error(`${live.length} of ${count * LIVE} webhooks came`)
  return percentile(
    live.map(({ delayMs }) => delayMs),
    0.99,
  )
}
