import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from '@keepr/dev-env/data-dir'
import { freePort } from '@keepr/dev-env/free-port'
import type { Supervised } from '@keepr/dev-env/supervise'
import type { Line } from '../report/line.ts'
import { median } from '../report/median.ts'
import type { Bench } from '../stage/bench.ts'
import { plainLine } from './line-of.ts'
import type { Row } from './row.ts'

export const startTime: Row = {
  id: 'start',
  about: 'npm start until it is ready, on a new folder and on a known one; each service alone',
  async run(bench) {
    const fresh: number[] = []
    const known: number[] = []
    const folders = mkdtempSync(join(tmpdir(), 'keepr-bench-start-'))
    chmodSync(folders, 0o755) // the database's user passes through
    for (let round = 0; round < bench.options.rounds; round++) {
      const dataDir = join(folders, String(round))
      fresh.push(await secondsToStart(dataDir))
      known.push(await secondsToStart(dataDir))
    }
    // Not after each round: ext4 gives what was deleted a moment ago to no new file, and looks for other room for each.
    rmSync(folders, { recursive: true, force: true })
    const line = (id: string, what: string, seconds: number, atMost: number) =>
      plainLine({ id, what, unit: 's' }, seconds, { atMost })
    return [
      line('start', 'npm start on a new folder', median(fresh), 4),
      line('start-again', 'npm start on a known folder', median(known), 4),
      ...(await services(bench, line)),
    ]
  },
}

async function secondsToStart(dataDir: string): Promise<number> {
  const port = await freePort()
  const startedAt = performance.now()
  const child = spawn('npm', ['start', '--silent'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), KEEPR_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  })
  let printed = ''
  try {
    // Its own last words, not the first answer of the API: by then everything is ready.
    for await (const chunk of child.stdout) {
      printed += String(chunk)
      if (printed.includes(`http://127.0.0.1:${port}`)) return (performance.now() - startedAt) / 1000
    }
    throw new Error(`npm start ended: ${printed}`)
  } finally {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    await untilGone(dataDir)
  }
}

/** npm dies of its SIGTERM at once; what it started drains and ends by itself, and removes its note in the end. */
async function untilGone(dataDir: string): Promise<void> {
  for (const end = Date.now() + 30_000; existsSync(join(dataDir, 'run.json')); await pause(20))
    if (Date.now() > end) throw new Error(`what npm start had started did not end within half a minute (${dataDir})`)
}

type MakeLine = (id: string, what: string, seconds: number, atMost: number) => Line

/** Each is killed while everything runs; its supervisor starts it anew, and the time from then on counts. */
async function services(bench: Bench, line: MakeLine): Promise<Line[]> {
  const { network } = await bench.small()
  const lines: Line[] = []
  for (const [name, service] of Object.entries(network.services)) {
    if (!(await isReady(service))) continue // an earlier row has ended the workers
    const seconds: number[] = []
    for (let round = 0; round < bench.options.rounds; round++) seconds.push(await secondsToReady(service))
    lines.push(line(`start-${name}`, `${name} alone`, median(seconds), 1))
  }
  return lines
}

async function secondsToReady(service: Supervised): Promise<number> {
  const { pid } = service
  if (pid === undefined) throw new Error('the service does not run')
  process.kill(pid, 'SIGKILL')
  while (service.pid === pid || service.pid === undefined) await pause(1)
  const startedAt = performance.now()
  while (!(await isReady(service))) await pause(2)
  return (performance.now() - startedAt) / 1000
}

async function isReady({ readyUrl }: Supervised): Promise<boolean> {
  const answer = await fetch(readyUrl).catch(() => undefined) // not listening yet
  await answer?.body?.cancel()
  return answer?.ok ?? false
}
