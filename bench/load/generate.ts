import autocannon from 'autocannon'
import { reply } from '../child/reply.ts'
import type { Generator, Requests } from './load.ts'

type Prepare = () => { method: string; path: string; body?: string }

/** The load generator: a process of its own, the same for the product and for each floor. */
const generate: Generator = async ({ url, connections, seconds, headers, requests }) => {
  const next = prepare(requests)
  const startedAtMs = Date.now()
  const startedAt = performance.now()
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    timeout: 20,
    requests: [{ headers, setupRequest: (request) => ({ ...request, ...next() }) }],
  })
  const tookSeconds = Math.min((performance.now() - startedAt) / 1000, result.duration)
  const failed = result.errors + result['4xx'] + result['5xx']
  if (failed > 0) throw new Error(`${failed} requests failed (${result['4xx']} × 4xx, ${result['5xx']} × 5xx): ${url}`)
  const answers = result['2xx'] + result['3xx']
  const { p50, p99 } = result.latency
  return { answers, perSecond: answers / tookSeconds, seconds: tookSeconds, startedAtMs, p50Ms: p50, p99Ms: p99 }
}
reply(generate)

function prepare(requests: Requests): Prepare {
  let count = 0
  switch (requests.kind) {
    case 'get':
      return () => ({ method: 'GET', path: at(requests.paths, count++) })
    case 'submit':
      return () => {
        const name = requests.names ? at(requests.names, count++) : `${requests.prefix}-${count++}`
        return { method: 'POST', path: '/artifacts/', body: submission(requests.type, name, count) }
      }
  }
}

const at = (list: readonly string[], index: number): string => list[index % list.length] ?? ''

const text = 'All work and no play makes a dull benchmark. '.repeat(20)

const submission = (type: string, name: string, count: number): string =>
  JSON.stringify({
    name,
    type,
    content: { count, text, by: `${process.pid}-${performance.now()}` },
    metadata: { tags: ['bench'] },
  })
