import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from './is-alive.ts'

type Run = { pid: number; url: string }

const fileIn = (dataDir: string) => join(dataDir, 'run.json')

/** Notes that this process runs on the data folder; refuses to while another one does. A killed one's note is void. */
export function takeDataDir(dataDir: string, url: string): void {
  for (;;) {
    try {
      // Exclusively: of two starts at the same moment one finds the other's note.
      return writeFileSync(fileIn(dataDir), JSON.stringify({ pid: process.pid, url } satisfies Run), { flag: 'wx' })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const run = readRun(dataDir)
    if (run && run.pid !== process.pid && runsKeepr(run.pid))
      throw new Error(
        `it already runs at ${run.url} (process ${run.pid}); another beside it needs its own PORT and KEEPR_DATA_DIR`,
      )
    leaveDataDir(dataDir)
  }
}

/** Whether a Keepr runs on the data folder. */
export function isTaken(dataDir: string): boolean {
  const run = readRun(dataDir)
  return run !== undefined && runsKeepr(run.pid)
}

export const leaveDataDir = (dataDir: string): void => rmSync(fileIn(dataDir), { force: true })

function readRun(dataDir: string): Run | undefined {
  try {
    // SAFETY: written by takeDataDir and nothing else; a file cut off by a crash does not parse and counts as none.
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Run
  } catch {
    return undefined
  }
}

/** Process ids are used again, so the command line is looked at where that is possible. */
function runsKeepr(pid: number): boolean {
  if (!isAlive(pid)) return false
  const commandLine = `/proc/${pid}/cmdline`
  return existsSync(commandLine) ? readFileSync(commandLine, 'utf8').includes('dev-env') : true
}
