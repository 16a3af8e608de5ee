import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Line } from '../report/line.ts'
import { median } from '../report/median.ts'
import { percentile } from '../report/percentile.ts'
import type { Product } from '../stage/product.ts'
import { resident } from '../stage/resident.ts'
import { chooseNames } from './choose-names.ts'
import { plainLine } from './line-of.ts'
import type { Row } from './row.ts'
import { outboxEmpty } from './settled.ts'
import { loopLag } from '../stage/loop-lag.ts'

/** What happened in one span of the run. */
type Span = {
  p50: number
  p99: number
  max: number
  failed: number
  memory: Record<string, number>
  lag: Record<string, number>
}

const SPAN_MS = 10_000
const READS_PER_WRITE = 9
/** Of the last third beside the first: what grows more than this would not hold for hours. */
const DRIFT = { latency: 1.5, memory: 1.15 }

export const steady: Row = {
  id: 'steady',
  about:
    'a fixed rate for minutes (--minutes, --rate), nine reads to a submission: latency, memory and loop lag over time',
  onDemand: true,
  async run(bench) {
    const product = await bench.small()
    const { minutes, rate, progress } = bench.options
    const paths = (await chooseNames(product, 500)).map((name) => `/artifacts/${name}`)
    await drive(product, { rate, seconds: 10, paths }) // caches, plans and compiled code are warm from here on
    const spans: Span[] = []
    const count = Math.max(Math.round((minutes * 60_000) / SPAN_MS), 3)
    for (let index = 0; index < count; index++) {
      spans.push(await span(product, rate, paths))
      progress(describe(spans.at(-1), (index + 1) * (SPAN_MS / 1000)))
    }
    await outboxEmpty(product)
    return judge(spans)
  },
}

async function span(product: Product, rate: number, paths: readonly string[]): Promise<Span> {
  const { latencies, failed } = await drive(product, { rate, seconds: SPAN_MS / 1000, paths })
  const services = Object.entries(product.network.services)
  const memory = services.map(([name, { pid }]) => [name, resident(pid)?.now ?? Number.NaN] as const)
  const lag = await Promise.all(services.map(async ([name, service]) => [name, await loopLag(service)] as const))
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: Math.max(...latencies),
    failed,
    memory: Object.fromEntries(memory),
    lag: Object.fromEntries(lag),
  }
}

type Drive = { rate: number; seconds: number; paths: readonly string[] }

/**
 * An open model: requests start when they are due, whether or not earlier ones have ended, and their time counts from when
 * they were due. So a server that stalls is not spared the requests that a stalled user would have made.
 */
async function drive({ url, headers }: Product, { rate, seconds, paths }: Drive) {
  const dispatcher = new Agent({ connections: 256 })
  const latencies: number[] = []
  let failed = 0
  const ask = async (index: number, dueAt: number) => {
    const write = index % (READS_PER_WRITE + 1) === 0
    const body = JSON.stringify({ name: `steady-${index % 1000}`, type: 'prompt', content: { at: dueAt, index } })
    try {
      const answer = await (write
        ? request(`${url}/artifacts/`, { method: 'POST', headers, body, dispatcher })
        : request(url + (paths[index % paths.length] ?? ''), { headers, dispatcher }))
      await answer.body.dump()
      if (answer.statusCode >= 400) failed++
      latencies.push(performance.now() - dueAt)
    } catch {
      failed++ // counted, and told in the table
    }
  }
  const startedAt = performance.now()
  const asked: Promise<void>[] = []
  for (let index = 0; index < rate * seconds; index++) {
    const dueAt = startedAt + (index * 1000) / rate
    const early = dueAt - performance.now()
    if (early > 1) await pause(early)
    asked.push(ask(index, dueAt))
  }
  await Promise.all(asked)
  await dispatcher.close()
  return { latencies, failed }
}

const describe = (span: Span | undefined, second: number): string =>
  span === undefined
    ? ''
    : `${second} s: p50 ${span.p50.toFixed(1)} p99 ${span.p99.toFixed(1)} max ${span.max.toFixed(0)} ms, failed ${span.failed}, ` +
      Object.keys(span.memory)
        .map((name) => `${name} ${span.memory[name]?.toFixed(0)} MB lag ${span.lag[name]?.toFixed(1)} ms`)
        .join(', ')

/** Whether the last third is as the first was. */
function judge(spans: readonly Span[]): Line[] {
  const third = Math.floor(spans.length / 3)
  const drift = (of: (span: Span) => number) =>
    median(spans.slice(-third).map(of)) / Math.max(median(spans.slice(0, third).map(of)), 1)
  const failed = spans.reduce((sum, span) => sum + span.failed, 0)
  const services = Object.keys(spans[0]?.memory ?? {})
  return [
    plainLine({ id: 'steady-failed', what: 'requests that failed', unit: '' }, failed, { atMost: 0 }),
    plainLine(
      { id: 'steady-p50', what: 'p50, last third / first', unit: '×' },
      drift(({ p50 }) => p50),
      { atMost: DRIFT.latency },
    ),
    plainLine(
      { id: 'steady-p99', what: 'p99, last third / first', unit: '×' },
      drift(({ p99 }) => p99),
      { atMost: DRIFT.latency },
    ),
    ...services.map((name) =>
      plainLine(
        { id: `steady-memory-${name}`, what: `${name}, memory, last third / first`, unit: '×' },
        drift(({ memory }) => memory[name] ?? Number.NaN),
        { atMost: DRIFT.memory },
      ),
    ),
  ]
}
