import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from './data-dir.ts'
import { leanProcess } from './lean-process.ts'

export type Supervised = {
  readonly pid: number | undefined
  /** Where the service tells of its health; its metrics are beside it. */
  readonly readyUrl: string
  /** Rejects when the service ends before it was ready for the first time: a mistake that a restart would not cure. */
  ready(signal?: AbortSignal): Promise<void>
  stop(): Promise<void>
}

type Options = {
  name: string
  /** The program, relative to the root: it names the service on the command line. */
  entry: string
  env: Record<string, string>
  /** Answers 200 once the service is ready. */
  readyUrl: string
  print: (line: string) => void
}

const FIRST_RESTART_MS = 200
const SLOWEST_RESTART_MS = 3000
const HEALTHY_AFTER_MS = 10_000
const LOOPING_AFTER = 5
const STOP_LIMIT_MS = 12_000
const START_LIMIT_MS = 60_000
const ANSWER_LIMIT_MS = 5000

/**
 * Runs a service as a process of its own and starts it again whenever it dies, soon at first and more slowly while it keeps
 * dying. It leads its own process group, so that Ctrl-C reaches it once: as the supervisor's SIGTERM.
 */
export function supervise(options: Options): Supervised {
  const { name, readyUrl } = options
  const print = (line: string) => options.print(`${name.padEnd(10)} ${line}`)
  let stopping = false
  let wasReady = false
  let failure: string | undefined
  let child: ChildProcess | undefined

  const runs = (async () => {
    let restartMs = FIRST_RESTART_MS
    for (let deaths = 0; !stopping;) {
      const startedAt = Date.now()
      child = start(options, print)
      const reason = await endOf(child)
      if (stopping) return
      if (!wasReady) {
        failure = reason
        return
      }
      const wasHealthy = Date.now() - startedAt > HEALTHY_AFTER_MS
      deaths = wasHealthy ? 1 : deaths + 1
      restartMs = wasHealthy ? FIRST_RESTART_MS : Math.min(restartMs * 2, SLOWEST_RESTART_MS)
      const looping = deaths >= LOOPING_AFTER ? ` (${deaths} times in a row: the lines above say why)` : ''
      print(`died of ${reason}${looping}; starting it again`)
      await pause(restartMs)
    }
  })()

  return {
    get pid() {
      return child?.pid
    },
    readyUrl,
    async ready(signal) {
      for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(25)) {
        signal?.throwIfAborted()
        if (failure !== undefined) throw new Error(`${name} ended at once (${failure}); its last lines above say why`)
        // Not listening yet, or too busy to answer: asked again.
        const answer = await fetch(readyUrl, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).catch(() => undefined)
        await answer?.body?.cancel()
        wasReady = answer?.ok ?? false
        if (wasReady) return
      }
      throw new Error(`${name} did not become ready within a minute; its last lines above say why`)
    },
    async stop() {
      stopping = true
      child?.kill('SIGTERM')
      const late = pause(STOP_LIMIT_MS, 'late' as const, { ref: false })
      if ((await Promise.race([runs, late])) === 'late') child?.kill('SIGKILL')
      await runs
    },
  }
}

function start({ entry, env }: Options, print: (line: string) => void): ChildProcess {
  const child = spawn(
    process.execPath,
    [...leanProcess.flags, '--import', import.meta.resolve('./die-with-parent.ts'), entry],
    {
      cwd: root,
      // Compiled code is kept from start to start: half the time to be ready, and no compiler in memory.
      env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/keepr'), ...leanProcess.env, ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    },
  )
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', print)
  return child
}

const endOf = (child: ChildProcess) =>
  new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    // Not `exit`: what it wrote last is to be printed first.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
