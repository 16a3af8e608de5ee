import { randomUUID } from 'node:crypto'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Log } from '../log.ts'
import { within } from '../within.ts'

type Export = { endpoint: string; service: string; share: number; log: Log }

const EVERY_MS = 1000
const TIMEOUT_MS = 3000
/** A collector that is down must not hold up the end of the process, nor fill its log. */
const CLOSE_WITHIN_MS = 2000
const TELL_EVERY_MS = 60_000

/**
 * Sends spans to a collector in batches, by OTLP over HTTP with JSON. One that does not answer costs spans and no request:
 * the queue of spans is bounded.
 */
export function exportTraces({ endpoint, service, share, log }: Export): { close(): Promise<void> } {
  let toldAt = Number.NEGATIVE_INFINITY
  setGlobalErrorHandler((error) => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return
    toldAt = performance.now()
    log.warn({ err: error }, 'traces could not be sent')
  })
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: TIMEOUT_MS,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': randomUUID() }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, scheduledDelayMillis: EVERY_MS, exportTimeoutMillis: TIMEOUT_MS }),
    ],
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return {
    async close() {
      await within(CLOSE_WITHIN_MS, 'sending the last traces', provider.shutdown()).catch((error: unknown) =>
        log.warn({ err: error }, 'the last traces could not be sent'),
      )
    },
  }
}
