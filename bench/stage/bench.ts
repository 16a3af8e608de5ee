import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Network } from '@keepr/dev-env/network'
import { askOnce } from '../child/ask-once.ts'
import { Child } from '../child/child.ts'
import type { Checkr } from '../floors/checkr.ts'
import type { HttpFloor } from '../floors/http-floor.ts'
import type { Sink } from '../floors/sink.ts'
import type { Generator, Load, LoadResult } from '../load/load.ts'
import { SEED_GROUP, type SeedShape } from '../seed/seed-shape.ts'
import { type CpuTime, cpuTime } from './cpu-time.ts'
import { type Databases, openDatabases } from './databases.ts'
import { type Product, startProduct } from './product.ts'
import { redisOf } from './redis-of.ts'

export type BenchOptions = {
  queue: 'redis' | 'postgres'
  /** Of one run of one side. */
  seconds: number
  /** Pairs of runs. */
  rounds: number
  connections: number
  small: SeedShape
  large: SeedShape
  /** Where the seeded databases are kept. */
  dataDir: string
  /** For rows that run on demand. */
  minutes: number
  rate: number
  progress: (step: string) => void
}

/** What rows work with. Products and floors start when a row asks for them, and once. */
export type Bench = AsyncDisposable & {
  options: BenchOptions
  databases: Databases
  sink: Child<Sink>
  small(): Promise<Product>
  large(): Promise<Product>
  /** Ends the workers of a product for good: the API is left alone with its relay. */
  apiAlone(product: Product): Promise<void>
  floorOf(product: Product): Promise<{ url: string }>
  load(load: Pick<Load, 'url' | 'requests'> & Partial<Load>): Promise<LoadResult>
  /** Of everything that runs but the load generator: `rest` are floors, sinks and the queue's store. */
  cpuTime(): CpuTime | undefined
}

const POOL_SIZE = 10 // as the product's default

/** Starts what every row needs. */
export async function openBench(options: BenchOptions): Promise<Bench> {
  await using stack = new AsyncDisposableStack()
  const databases = stack.use(await openDatabases(join(options.dataDir, 'postgres'), options.progress))
  const redis = stack.use(await redisOf(options.queue))
  const sink = stack.use(new Child<Sink>(new URL('../floors/sink.ts', import.meta.url)))
  const checkr = stack.use(new Child<Checkr>(new URL('../floors/checkr.ts', import.meta.url)))
  const addresses = await sink.ask({ start: true })
  const env = {
    BENCH_SINK: addresses.address,
    BENCH_DEAD: addresses.deadAddress,
    BENCH_CHECKR: (await checkr.ask({ delayMs: 50 })).address,
    BENCH_SECRET: 'whsec_YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmU=',
    SECRET_SOURCES: 'env',
  }
  const floors = new Map<string, Promise<{ url: string }>>()
  const started = new Map<string, Promise<Product>>()

  const start = (name: string, databaseUrl: () => Promise<string>): Promise<Product> => {
    const known = started.get(name)
    if (known) return known
    options.progress(`starting Keepr on the ${name} database`)
    const dataDir = mkdtempSync(join(tmpdir(), 'keepr-bench-'))
    owned.defer(() => rmSync(dataDir, { recursive: true, force: true }))
    const made = databaseUrl().then(async (url) => {
      const product = owned.use(
        await startProduct({ databaseUrl: url, dataDir, redisUrl: redis.url(started.size), env }),
      )
      running.push(product)
      return product
    })
    started.set(name, made)
    return made
  }

  const running: Product[] = []
  const pidsOf = (name: keyof Network['services']) => running.map(({ network }) => network.services[name].pid)
  const owned = stack.move()
  return {
    options,
    databases,
    sink,
    small: () => start('small', () => databases.copyOf(options.small, 'keepr_bench_small')),
    large: () => start('large', () => databases.warmed(options.large)),
    apiAlone: async ({ network }) => {
      await Promise.all([network.services.validation.stop(), network.services.webhook.stop()])
    },
    floorOf({ databaseUrl }) {
      const known = floors.get(databaseUrl)
      if (known) return known
      const child = owned.use(new Child<HttpFloor>(new URL('../floors/http-floor.ts', import.meta.url)))
      const made = child.ask({ databaseUrl, group: SEED_GROUP, poolSize: POOL_SIZE })
      floors.set(databaseUrl, made)
      return made
    },
    cpuTime: () =>
      cpuTime({
        postgres: [databases.pid()],
        api: pidsOf('api'),
        validation: pidsOf('validation'),
        webhook: pidsOf('webhook'),
      }),
    load: (load) =>
      askOnce<Generator>(new URL('../load/generate.ts', import.meta.url), {
        connections: options.connections,
        seconds: options.seconds,
        headers: {},
        ...load,
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
