import getPort from 'get-port'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { inSpan, startTracing, traceFields } from '../../src/runtime/tracing.ts'

test('a collector that is down costs spans and a line in the log, and holds up neither work nor the end', async () => {
  const lines: string[] = []
  const tracing = await startTracing(
    {
      otelExporterOtlpEndpoint: `http://127.0.0.1:${await getPort({ host: '127.0.0.1' })}`,
      otelServiceName: undefined,
      otelTracesSamplerArg: 1,
    },
    { service: 'api', log: pino({}, { write: (line) => void lines.push(line) }) },
  )
  const [first, second] = await Promise.all([
    inSpan('one', {}, () => Promise.resolve(traceFields())),
    inSpan('another', {}, () => Promise.resolve(traceFields())),
  ])
  expect(first.trace_id).toMatch(/^[0-9a-f]{32}$/)
  expect(second.trace_id).not.toBe(first.trace_id)
  const began = performance.now()
  await tracing.close()
  expect(performance.now() - began).toBeLessThan(6000)
  expect(lines.join('')).toMatch(/trac\w+ could not be sent/)
})
