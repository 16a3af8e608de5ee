import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from './data-dir.ts'

export type Supervised = { readonly pid: number | undefined; stop(): Promise<void> }

type Options = {
  name: string
  /** The entry, relative to the root: it names the service's folder on the command line. */
  entry: string
  env: Record<string, string>
  print: (line: string) => void
}

const FIRST_RESTART_MS = 200
const SLOWEST_RESTART_MS = 3000
const HEALTHY_AFTER_MS = 10_000
const STOP_LIMIT_MS = 12_000

/**
 * Runs a service as a process of its own and starts it again whenever it dies, soon at first and more slowly while it keeps
 * dying. It leads its own process group, so that Ctrl-C reaches it once: as the supervisor's SIGTERM.
 */
export function supervise({ name, entry, env, print }: Options): Supervised {
  let stopping = false
  let child: ChildProcess | undefined
  let restartMs = FIRST_RESTART_MS

  const runs = (async () => {
    while (!stopping) {
      const startedAt = Date.now()
      child = spawn(process.execPath, [entry], {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      const ended = new Promise<string>((resolve) => {
        child?.once('error', (error) => resolve(error.message))
        child?.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
      })
      for (const stream of [child.stdout, child.stderr])
        if (stream) createInterface({ input: stream }).on('line', (line) => print(`${name.padEnd(10)} ${line}`))
      const reason = await ended
      if (stopping) return
      restartMs =
        Date.now() - startedAt > HEALTHY_AFTER_MS ? FIRST_RESTART_MS : Math.min(restartMs * 2, SLOWEST_RESTART_MS)
      print(`${name.padEnd(10)} died (${reason}); starting it again`)
      await pause(restartMs)
    }
  })()

  return {
    get pid() {
      return child?.pid
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
