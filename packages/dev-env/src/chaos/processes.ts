import { readdirSync, readFileSync } from 'node:fs'

export type Process = { pid: number; parent: number; command: string }

/** The processes below this one, their children included (Linux). */
export function descendants(pid: number): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => look(Number(name)))
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
  return below(pid)
}

/** What a process holds; undefined when it is gone. */
export function resourcesOf(pid: number): { rssBytes: number; descriptors: number } | undefined {
  try {
    const rss = /^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return { rssBytes: Number(rss?.[1] ?? 0) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length }
  } catch {
    return undefined // it ended meanwhile
  }
}

/** Sends a signal; a process that is gone already is all the same. @returns whether it was there */
export function signal(pid: number | undefined, name: NodeJS.Signals): boolean {
  if (pid === undefined || !(pid > 0)) return false
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

function look(pid: number): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name between the brackets may hold anything: what follows the last bracket counts.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return []
    return [
      { pid, parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') },
    ]
  } catch {
    return [] // it ended meanwhile
  }
}
