import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { isAlive } from '../is-alive.ts'
import { messageOf } from '../message-of.ts'

const LOOK_EVERY_MS = 200

/**
 * Starts PostgreSQL again whenever its postmaster has died, for as long as it takes: what a killed server left in shared memory
 * holds the next one up for a moment. Closing waits for a start that is under way.
 */
export function watchPostmaster(
  pidFile: string,
  start: () => Promise<void>,
  print: (line: string) => void,
): { close(): Promise<void> } {
  let pid = readPid(pidFile)
  const closing = new AbortController()

  async function watch() {
    let told = false
    while (!closing.signal.aborted) {
      await pause(LOOK_EVERY_MS, undefined, { ref: false, signal: closing.signal }).catch(() => {}) // closed: looks no more
      if (closing.signal.aborted || isRunning(pid)) continue
      if (!told) print('postgres   died; starting it again')
      told = true
      try {
        await start()
        pid = readPid(pidFile)
        told = false
        print('postgres   runs again')
      } catch (error) {
        print(`postgres   ${messageOf(error)}; trying again`)
      }
    }
  }

  const watching = watch()
  return {
    async close() {
      closing.abort()
      await watching
    },
  }
}

/** The first line of postmaster.pid; 0 (which counts as dead) while there is no such file. */
export const readPid = (file: string) => (existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0)

/** Whether the postmaster lives. */
export function isRunning(pid: number): boolean {
  if (!(pid > 0) || !isAlive(pid)) return false
  // The postmaster belongs to process 1, which in a container may be one that never buries its dead.
  const stat = `/proc/${pid}/stat`
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, 'utf8'))
}
