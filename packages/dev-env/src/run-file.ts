import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Run = { pid: number; url: string; services: number[] }

const fileIn = (dataDir: string) => join(dataDir, 'run.json')

/** What runs on this data folder, or ran when it was killed. */
export function readRun(dataDir: string): Run | undefined {
  if (!existsSync(fileIn(dataDir))) return undefined
  try {
    // SAFETY: written by writeRun and nothing else; a file cut off by a crash does not parse and counts as none.
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Run
  } catch {
    return undefined
  }
}

export const writeRun = (dataDir: string, run: Run): void => writeFileSync(fileIn(dataDir), JSON.stringify(run))
export const removeRun = (dataDir: string): void => rmSync(fileIn(dataDir), { force: true })

/** Whether a process of ours still has this id: ids are used again, so its command line is looked at where that is possible. */
export function isOurs(pid: number, what: string): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const commandLine = `/proc/${pid}/cmdline`
  return existsSync(commandLine) ? readFileSync(commandLine, 'utf8').includes(what) : true
}
