import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { randomUUIDv7 } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import getPort from 'get-port'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openQueue, startWorker } from '../../src/runtime/queue.ts'
import type { QueueMessage } from '../../src/schemas/jobs.ts'
import { redisIsInstalled } from './stores.ts'

const run = promisify(execFile)
const log = pino({ level: 'silent' })
const canRun = redisIsInstalled && spawnSync('redis-cli', ['--version']).status === 0
const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 25_000, interval: 50 })
const aMessage = (): QueueMessage => ({ message_id: randomUUIDv7(), generation: 0, group_id: 'acme', refs: [] })

/** Redis servers of one test file in a folder of their own, ended with it. */
function servers() {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-redis-'))
  const started: ChildProcess[] = []
  const cli = async (port: number, ...command: string[]) =>
    (await run('redis-cli', ['-h', '127.0.0.1', '-p', `${port}`, ...command])).stdout.trim()

  async function start(port: number, lines: readonly string[], ...flags: string[]) {
    const own = join(folder, `${port}`)
    mkdirSync(own)
    const file = join(own, 'redis.conf')
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${own}`, 'save ""', ...lines, ''].join('\n'))
    const server = spawn('redis-server', [file, ...flags], { stdio: 'ignore' })
    started.push(server)
    await eventually(async () => expect(await cli(port, 'ping')).toMatch(/PONG|NOAUTH/))
    return server
  }

  async function destroy() {
    const gone = started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    await Promise.all(gone.map((server) => (server.kill('SIGKILL'), once(server, 'exit'))))
    rmSync(folder, { recursive: true, force: true })
  }
  return { start, cli, destroy }
}

function traffic(redisUrl: string) {
  const settings = { redisUrl, queueDatabaseUrl: 'postgres://unused' }
  const seen: string[] = []
  const worker = startWorker('validation', async ({ message_id }) => void seen.push(message_id), {
    settings,
    concurrency: 4,
    log,
  })
  const queue = openQueue('validation', settings, { log })
  onTestFinished(async () => void (await Promise.all([worker.close(500), queue.close()])))
  return { queue, seen }
}

describe.skipIf(!canRun)('Redis that is more than one server', { timeout: 60_000 }, () => {
  describe('a Cluster', () => {
    const redis = servers()
    let nodes: number[]
    beforeAll(async () => {
      nodes = [await getPort(), await getPort(), await getPort()]
      for (const port of nodes)
        await redis.start(port, ['cluster-enabled yes', `cluster-port ${await getPort()}`, 'cluster-node-timeout 2000'])
      const addresses = nodes.map((port) => `127.0.0.1:${port}`)
      await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
      for (const port of nodes)
        await eventually(async () => expect(await redis.cli(port, 'cluster', 'info')).toContain('cluster_state:ok'))
    }, 60_000)
    afterAll(() => redis.destroy())

    test('carries messages, also those added in one go, whichever node is named', async () => {
      const { queue, seen } = traffic(`redis-cluster://127.0.0.1:${nodes[1]}`)
      const messages = Array.from({ length: 40 }, aMessage)
      await eventually(async () => expect(queue.health().state).toBe('ok'))
      expect(await queue.addBulk(messages)).toEqual([])
      await eventually(() => expect(seen.toSorted()).toEqual(messages.map(({ message_id }) => message_id).toSorted()))
    })
  })

  describe('a master that Sentinels watch', () => {
    const redis = servers()
    let master: ChildProcess
    let sentinel: number
    beforeAll(async () => {
      const [first, second] = [await getPort(), await getPort()]
      sentinel = await getPort()
      master = await redis.start(first, ['requirepass secret', 'masterauth secret'])
      await redis.start(second, [`replicaof 127.0.0.1 ${first}`, 'requirepass secret', 'masterauth secret'])
      await redis.start(
        sentinel,
        [
          `sentinel monitor keepr 127.0.0.1 ${first} 1`,
          'sentinel auth-pass keepr secret',
          'sentinel down-after-milliseconds keepr 500',
          'sentinel failover-timeout keepr 2000',
        ],
        '--sentinel',
      )
      const known = () => redis.cli(sentinel, 'sentinel', 'replicas', 'keepr')
      await eventually(async () => expect(await known()).toContain(`127.0.0.1:${second}`))
      await eventually(async () => expect(await known()).toMatch(/master-link-status\s+ok/))
    }, 60_000)
    afterAll(() => redis.destroy())

    test('is found by its name, and its successor after it died', async () => {
      const { queue, seen } = traffic(`redis-sentinel://:secret@127.0.0.1:${sentinel}/0?name=keepr`)
      await eventually(() => expect(queue.health().state).toBe('ok'))
      const [before, after] = [aMessage(), aMessage()]
      expect(await queue.addBulk([before])).toEqual([])
      await eventually(() => expect(seen).toEqual([before.message_id]))
      master.kill('SIGKILL')
      await eventually(async () => expect(await queue.addBulk([after])).toEqual([]))
      await eventually(() => expect(seen).toContain(after.message_id))
    })
  })
})

if (!canRun) test.skip('skipped: Sentinel and Cluster need redis-server and redis-cli on the PATH', () => {})
