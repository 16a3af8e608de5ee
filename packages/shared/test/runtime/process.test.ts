import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startHealthServer } from '../../src/runtime/health-server.ts'
import { createMetrics } from '../../src/runtime/metrics.ts'
import type { QueueHealth } from '../../src/runtime/queue.ts'

describe('ending in order', () => {
  const started = async (how: string) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fixture-process.ts'), how])
    onTestFinished(() => void child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const exit = once(child, 'exit')
    await once(child.stdout, 'data')
    return { child, exit, output: () => output.split('\n').slice(1, -1) }
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('%s closes the parts one after the other', async (signal) => {
    const { child, exit, output } = await started('well')
    child.kill(signal)
    expect(await exit).toEqual([0, null])
    expect(output()).toEqual(['server closed', 'worker closed', 'database closed'])
  })

  test('a part that does not close holds up nothing for longer than the grace', async () => {
    const { child, exit, output } = await started('stuck')
    child.kill('SIGTERM')
    expect(await exit).toEqual([1, null])
    expect(output()).toContain('server closed')
  })

  test('a second signal ends at once', async () => {
    const { child, exit } = await started('stuck')
    child.kill('SIGTERM')
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await exit).toEqual([1, null])
  })

  test('an error that nobody catches ends the process', async () => {
    const { exit } = await started('throw')
    expect(await exit).toEqual([1, null])
  })
})

describe('the health server', () => {
  const serving = async (queues: QueueHealth[] = [], ping = () => Promise.resolve()) => {
    const metrics = createMetrics('validation-worker')
    const server = await startHealthServer({
      host: '127.0.0.1',
      port: 0,
      metrics,
      ping,
      queues: queues.map((health) => ({ health: () => health })),
      log: pino({ level: 'silent' }),
    })
    onTestFinished(() => server.close())
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
      return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
    }
    return { get, metrics }
  }

  test('tells of life, readiness and metrics', async () => {
    const { get, metrics } = await serving()
    metrics.counter('keepr_runs_total', 'Runs by outcome.', ['outcome']).inc({ outcome: 'passed' })
    expect(await get('/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' })
    expect(await get('/readyz?x=1')).toMatchObject({ status: 200, body: '{"status":"ready","degraded":[]}' })
    const exposed = await get('/metrics')
    expect(exposed.type).toContain('text/plain')
    expect(exposed.body).toContain('keepr_runs_total{outcome="passed",service="validation-worker"} 1')
    expect(exposed.body).toContain('process_cpu_seconds_total')
    expect((await get('/other')).status).toBe(404)
    expect((await get('/healthz', 'POST')).status).toBe(405)
    expect((await get('/healthz', 'HEAD')).status).toBe(200)
  })

  test('measures anew also when the clock was set back', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const metrics = createMetrics('api')
    let measured = 0
    metrics.sample('it', () => void (measured += 1))
    await metrics.expose()
    vi.setSystemTime(Date.now() - 3_600_000)
    vi.advanceTimersByTime(2_000)
    await metrics.expose()
    expect(measured).toBe(2)
  })

  test('tells of all else when something cannot be measured for long', async () => {
    const { get, metrics } = await serving()
    const never = Promise.withResolvers<void>()
    metrics.sample('what hangs', () => never.promise)
    metrics.sample('what works', () => metrics.gauge('keepr_works', 'It works.').set(1))
    const { body } = await get('/metrics')
    expect(body).toContain('keepr_works{service="validation-worker"} 1')
    expect(body).toContain('keepr_metrics_sample_failures_total{what="what hangs",service="validation-worker"} 1')
  })

  test('is degraded while a queue is away, and says why once', async () => {
    const away = { state: 'degraded' as const, reason: 'connect ECONNREFUSED' }
    const { get } = await serving([{ state: 'ok' }, away, away])
    expect(await get('/readyz')).toMatchObject({
      status: 200,
      body: '{"status":"degraded","degraded":["connect ECONNREFUSED"]}',
    })
  })

  test('is not ready without the database, whatever the queue does', async () => {
    const { get } = await serving([{ state: 'ok' }], () => Promise.reject(new Error('broken')))
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: '{"status":"unavailable","degraded":["database"]}',
    })
  })
})
