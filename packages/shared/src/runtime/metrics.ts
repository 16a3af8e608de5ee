import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

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
  /** All metrics in Prometheus' text form. */
  expose(): Promise<{ contentType: string; body: string }>
  readonly registry: Registry
}

/** Metrics of one process: those of Node and those that the service makes. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: labels, registers }),
    gauge: (name, help, labels = []) => new Gauge({ name, help, labelNames: labels, registers }),
    histogram: (name, help, labels = [], buckets) =>
      new Histogram({ name, help, labelNames: labels, registers, ...(buckets ? { buckets: [...buckets] } : {}) }),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    registry,
  }
}
