import { rolePasswords } from '@keepr/dev-env/role-passwords'
import { askOnce } from '../child/ask-once.ts'
import type { BullmqFloor } from '../floors/bullmq.ts'
import type { TransactionsFloor } from '../floors/transactions.ts'
import type { Line } from '../report/line.ts'
import { percentile } from '../report/percentile.ts'
import { SEED_GROUP } from '../seed/seed-shape.ts'
import type { Bench } from '../stage/bench.ts'
import type { Product } from '../stage/product.ts'
import { alternate, type Run } from './alternate.ts'
import { plainLine, ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { atRest, outboxEmpty, verdictsStored } from './settled.ts'
import { submitOne } from './submit-one.ts'

const type = 'prompt'
const CONCURRENCY = 64 // of the worker; the product's default

export const publish: Row = {
  id: 'publish',
  about: 'submit → published, type without validator: sustained, and alone on an idle system',
  async run(bench) {
    const product = await bench.small()
    const onRedis = bench.options.queue === 'redis'
    const sides = {
      keepr: () => publishedPerSecond(bench, product),
      floor: () => (onRedis ? transactionsPerSecond(bench, product) : jobsPerSecond(bench, product)),
    }
    await sides.keepr()
    const measured = await alternate(bench, sides)
    const goal = { atLeast: onRedis ? 0.5 : 0.6 }
    const sustained = { id: 'publish', what: `submit → published, queue on ${bench.options.queue}`, unit: '/s' }
    bench.options.progress((await atRest(product)) ? 'the database is at rest' : 'the database did not come to rest')
    return [ratioLine(sustained, measured, goal), ...(await idle(product, onRedis))]
  },
}

let run = 0

async function publishedPerSecond(bench: Bench, product: Product): Promise<Run> {
  const requests = { kind: 'submit', type, prefix: `published-${run++}` } as const
  const { answers, startedAtMs } = await bench.load({ url: product.url, headers: product.headers, requests })
  const endedAtMs = await verdictsStored(product, type, startedAtMs)
  await outboxEmpty(product)
  return { answers, perSecond: answers / ((endedAtMs - startedAtMs) / 1000) }
}

async function transactionsPerSecond({ options }: Bench, { databaseUrl }: Product): Promise<Run> {
  const input = {
    apiUrl: urlAs(databaseUrl, 'keepr_api'),
    validationUrl: urlAs(databaseUrl, 'keepr_validation'),
    group: `${SEED_GROUP}-floor`,
    seconds: options.seconds,
    clients: options.connections,
  }
  const entry = new URL('../floors/transactions.ts', import.meta.url)
  return await askOnce<TransactionsFloor>(entry, input)
}

async function jobsPerSecond({ options }: Bench, { databaseUrl }: Product): Promise<Run> {
  const input = {
    databaseUrl: urlAs(databaseUrl, 'keepr_queue'),
    seconds: options.seconds,
    producers: options.connections,
    concurrency: CONCURRENCY,
  }
  const entry = new URL('../floors/bullmq.ts', import.meta.url)
  return await askOnce<BullmqFloor>(entry, input)
}

function urlAs(databaseUrl: string, role: 'keepr_api' | 'keepr_validation' | 'keepr_queue'): string {
  const url = new URL(databaseUrl)
  url.password = rolePasswords(databaseUrl)[role]
  url.username = role
  return url.href
}

const SAMPLES = 120

/** One after the other, with nothing else going on: from the request to the answer that says `published`. */
async function idle(product: Product, onRedis: boolean): Promise<Line[]> {
  const took: number[] = []
  for (let sample = -10; sample < SAMPLES; sample++) {
    const startedAt = performance.now()
    await submitOne(product, { name: `idle-${run}-${sample + 10}`, type, content: { sample } })
    if (sample >= 0) took.push(performance.now() - startedAt)
  }
  await outboxEmpty(product)
  const what = (name: string) => `submit → published, idle, ${name}`
  return [
    plainLine({ id: 'publish-p50', what: what('p50'), unit: 'ms' }, percentile(took, 0.5), {
      atMost: onRedis ? 15 : 30,
    }),
    ...(onRedis
      ? [plainLine({ id: 'publish-p99', what: what('p99'), unit: 'ms' }, percentile(took, 0.99), { atMost: 60 })]
      : []),
  ]
}
