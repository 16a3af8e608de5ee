import {
  type Attributes,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { Log } from './log.ts'
import { formatTraceparent, parseTraceparent } from './tracing/traceparent.ts'

export type TracingSettings = {
  otelExporterOtlpEndpoint: string | undefined
  otelServiceName: string | undefined
  otelTracesSamplerArg: number
}

type SpanOptions = {
  kind?: 'server' | 'client' | 'producer' | 'consumer'
  /** A traceparent of elsewhere to go on from (null: begin a trace); left out, the span that is under way here. */
  parent?: string | null | undefined
  /** Kinds and ids of things: never names, users or content. */
  attributes?: Attributes
}

/** A span that ends later, in whatever place. */
export type BegunSpan = { traceparent: string | undefined; end(error?: unknown): void }

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}
const NOTHING = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

let on = false

/** Whether spans go anywhere. */
export const isTracing = (): boolean => on

/** Begins to send traces where an endpoint is set. Without one no part of the SDK is even loaded. */
export async function startTracing(
  settings: TracingSettings,
  parts: { service: string; log: Log },
): Promise<AsyncDisposable & { close(): Promise<void> }> {
  const { otelExporterOtlpEndpoint: endpoint } = settings
  if (endpoint === undefined) return { close: async () => {}, [Symbol.asyncDispose]: async () => {} }
  const { exportTraces } = await import('./tracing/export-traces.ts')
  const { close } = exportTraces({
    endpoint,
    service: settings.otelServiceName ?? `keepr-${parts.service}`,
    share: settings.otelTracesSamplerArg,
    log: parts.log,
  })
  on = true
  return { close, [Symbol.asyncDispose]: close }
}

/** Does work as one span of its trace. What the work throws marks the span, by the error's name alone. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  if (!on) return await work(NOTHING)
  const span = newSpan(name, options)
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span))
  } catch (error) {
    failSpan(span, nameOf(error))
    throw error
  } finally {
    span.end()
  }
}

/** Begins a span that ends elsewhere. With tracing off it is none, and its traceparent the parent's. */
export function beginSpan(name: string, options: SpanOptions): BegunSpan {
  if (!on) return { traceparent: options.parent ?? undefined, end: () => {} }
  const span = newSpan(name, options)
  return {
    traceparent: formatTraceparent(span.spanContext()),
    end(error) {
      if (error !== undefined) failSpan(span, nameOf(error))
      span.end()
    },
  }
}

/** Says more about the span that is under way. */
export function noteOnSpan(attributes: Attributes): void {
  if (on) trace.getActiveSpan()?.setAttributes(attributes)
}

/** Marks a span as failed. The reason is a word of ours: texts of errors may hold what must not leave the process. */
export function failSpan(span: Span, reason: string): void {
  span.setAttribute('error.type', reason).setStatus({ code: SpanStatusCode.ERROR })
}

/** Where what follows from the present work goes on: the span under way, or else what was handed in (if it is one). */
export function traceparentHere(given?: string | null): string | undefined {
  const here = on ? trace.getActiveSpan()?.spanContext() : undefined
  if (here !== undefined && isSpanContextValid(here)) return formatTraceparent(here)
  return parseTraceparent(given) === undefined ? undefined : (given ?? undefined)
}

/**
 * For what was brought along by work that does many things at once: goes on here where it is of the same trace (or of none),
 * and else in its own.
 */
export function traceparentOf(brought: string | null | undefined): string | undefined {
  const here = traceparentHere()
  const own = parseTraceparent(brought)
  if (own === undefined) return here
  return here !== undefined && parseTraceparent(here)?.traceId === own.traceId ? here : (brought ?? undefined)
}

/** For log lines: which trace they belong to. */
export function traceFields(): { trace_id?: string; span_id?: string } {
  const here = on ? trace.getActiveSpan()?.spanContext() : undefined
  return here === undefined ? {} : { trace_id: here.traceId, span_id: here.spanId }
}

function newSpan(name: string, { kind, parent, attributes = {} }: SpanOptions): Span {
  const remote = parseTraceparent(parent)
  const from =
    remote !== undefined
      ? trace.setSpanContext(ROOT_CONTEXT, remote)
      : parent === undefined
        ? context.active()
        : ROOT_CONTEXT
  const options = { kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind], attributes }
  return trace.getTracer('keepr').startSpan(name, options, from)
}

/** Errors with a reason have one of a few words. */
const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'Error'
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.name
}
