import { readFileSync } from 'node:fs'

/** Memory of a process in MB, now and at its highest. Linux tells it; elsewhere undefined. */
export function resident(pid: number | undefined): { now: number; peak: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const read = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1]) / 1024
    return { now: read('VmRSS'), peak: read('VmHWM') }
  } catch {
    return undefined // another system, or the process has gone
  }
}
