import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '@keepr/dev-env/data-dir'
import { freePort } from '@keepr/dev-env/free-port'
import { isAlive } from '@keepr/dev-env/is-alive'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 180_000 })
const LONG_MS = 90_000

/** Of all tests: who comes later goes on with the database of who came first. */
const folder = mkdtempSync(join(tmpdir(), 'keepr-stopping-'))
chmodSync(folder, 0o755) // the database's user passes through
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `npm start` without npm. */
async function start() {
  const port = await freePort()
  const child = spawn(process.execPath, [join(root, 'packages/dev-env/src/start.ts')], {
    env: { PATH: process.env['PATH'], KEEPR_DATA_DIR: folder, PORT: String(port), LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const lines = createInterface({ input: child.stdout })
  const said = (part: string) =>
    new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => line.includes(part) && resolve())
      void ended.then((code) => reject(new Error(`ended with ${code} before it said "${part}"`)))
    })
  const pidFile = join(folder, 'postgres/cluster/postmaster.pid')
  const postgres = () => Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  return { child, port, ended, said, pidFile, postgres }
}

test('it ends when nobody reads what it says any more, also while it starts', async () => {
  const { child, ended, said, pidFile } = await start()
  await said('the API listens')
  child.stdout.destroy()
  child.stderr.destroy()
  expect(await ended).toBe(0)
  expect(existsSync(pidFile)).toBe(false)
})

test('asked once more to stop, it ends at once and leaves no database behind', async () => {
  const { child, ended, said, postgres } = await start()
  await said('Keepr is ready')
  const pid = postgres()
  // What holds the stop up: a database that does not answer.
  process.kill(pid, 'SIGSTOP')
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGCONT')))
  child.kill('SIGINT')
  await said('stopping')
  const again = setInterval(() => child.kill('SIGINT'), 100)
  const code = await ended.finally(() => clearInterval(again))
  expect(code).toBe(1)
  process.kill(pid, 'SIGCONT')
  await waitFor(() => !isAlive(pid), 'PostgreSQL to end', LONG_MS)
})
