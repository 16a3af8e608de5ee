import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { Log } from './log.ts'
import { within } from './within.ts'

type MetricName = `keepr_${string}`

/** What a process counts. Labels name kinds of things, never groups, names or users. */
export type Metrics = {
  counter<L extends string = never>(name: `${MetricName}_total`, help: string, labels?: readonly L[]): Counter<L>
  gauge<L extends string = never>(name: MetricName, help: string, labels?: readonly L[]): Gauge<L>
  histogram<L extends string = never>(
    name: `${MetricName}_seconds` | `${MetricName}_bytes`,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>
  /** Brings gauges up to date when the metrics are asked for. Gauges that cannot be brought up to date must be left empty. */
  sample(what: string, take: () => Promise<void> | void): void
  /** All metrics in Prometheus' text form. */
  expose(): Promise<{ contentType: string; body: string }>
  readonly registry: Registry
}

/** However often metrics are asked for, and by whomever: the database is asked no more often than this. */
const SAMPLE_EVERY_MS = 2_000
/** Who asks waits ten seconds, as a rule: what hangs for longer is left out, and all else is told. */
const PATIENCE_MS = 4_000

/** Metrics of one process: those of Node and those that the service makes. */
export function createMetrics(service: string, log?: Pick<Log, 'warn'>): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const samples = new Map<string, () => Promise<void> | void>()
  const failures = new Counter({
    name: 'keepr_metrics_sample_failures_total',
    help: 'How often something could not be measured, its gauges then being absent.',
    labelNames: ['what'],
    registers,
  })
  let sampling: { done: Promise<unknown>; at: number } | undefined

  async function takeSample(what: string, take: () => Promise<void> | void) {
    try {
      await within(PATIENCE_MS, `measuring ${what}`, Promise.resolve(take()))
    } catch (error) {
      failures.inc({ what })
      log?.warn({ err: error, what }, 'something could not be measured')
    }
  }

  async function sampleAll() {
    if (sampling === undefined || performance.now() - sampling.at >= SAMPLE_EVERY_MS)
      sampling = {
        done: Promise.all([...samples].map(([what, take]) => takeSample(what, take))),
        at: performance.now(),
      }
    await sampling.done
  }

  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: labels, registers }),
    gauge: (name, help, labels = []) => new Gauge({ name, help, labelNames: labels, registers }),
    histogram: (name, help, labels = [], buckets) =>
      new Histogram({ name, help, labelNames: labels, registers, ...(buckets ? { buckets: [...buckets] } : {}) }),
    sample(what, take) {
      samples.set(what, take)
      failures.inc({ what }, 0)
    },
    async expose() {
      await sampleAll()
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
    registry,
  }
}
