import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { portOf } from '@keepr/shared/runtime/port-of'
import * as v from 'valibot'

const Value = v.object({ stringValue: v.optional(v.string()), intValue: v.optional(v.union([v.number(), v.string()])) })
const Attributes = v.array(v.object({ key: v.string(), value: Value }))
const Traces = v.object({
  resourceSpans: v.array(
    v.object({
      resource: v.object({ attributes: Attributes }),
      scopeSpans: v.array(
        v.object({
          spans: v.array(
            v.object({
              traceId: v.string(),
              spanId: v.string(),
              parentSpanId: v.optional(v.string(), ''),
              name: v.string(),
              kind: v.number(),
              attributes: v.optional(Attributes, []),
              status: v.optional(v.object({ code: v.optional(v.number(), 0) }), {}),
            }),
          ),
        }),
      ),
    }),
  ),
})

export type CollectedSpan = {
  service: string
  traceId: string
  spanId: string
  parentSpanId: string
  name: string
  attributes: Record<string, string>
  failed: boolean
}

export type Collector = AsyncDisposable & {
  url: string
  spans: CollectedSpan[]
  /** All that was sent. */
  bodies: string[]
  headers: IncomingHttpHeaders[]
}

/** A collector of traces: takes OTLP over HTTP with JSON, and refuses what is none. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const bodies: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      bodies.push(body)
      headers.push(request.headers)
      if (request.url !== '/v1/traces' || request.method !== 'POST') return void response.writeHead(404).end()
      spans.push(...decode(body))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    spans,
    bodies,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function decode(body: string): CollectedSpan[] {
  return v.parse(Traces, JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(({ attributes, status, traceId, spanId, parentSpanId, name }) => ({
        service: flat(resource.attributes)['service.name'] ?? '',
        traceId,
        spanId,
        parentSpanId,
        name,
        attributes: flat(attributes),
        failed: status.code === 2,
      })),
    ),
  )
}

const flat = (attributes: v.InferOutput<typeof Attributes>): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? String(value.intValue ?? '')]))

/** The names of a span and of those above it, up to one whose parent was not collected; and the id of that parent. */
export function pathOf(spans: readonly CollectedSpan[], span: CollectedSpan): { names: string[]; root: string } {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId)
  const above = parent === undefined ? { names: [], root: span.parentSpanId } : pathOf(spans, parent)
  return { names: [...above.names, `${span.service}: ${span.name}`], root: above.root }
}
