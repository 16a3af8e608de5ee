import { readdirSync, readFileSync } from 'node:fs'

/** Seconds of CPU time by the part that used them. */
export type CpuTime = Record<string, number>

type Process = { pid: number; parent: number; seconds: number }

const TICKS_PER_SECOND = 100 // what Linux counts in for processes, whatever its own clock

/**
 * What each part has used so far, with all that it started; what this process runs besides is `rest`. Unlike a rate it hardly
 * depends on what else a machine does. Linux tells it; elsewhere undefined.
 */
export function cpuTime(parts: Record<string, readonly (number | undefined)[]>): CpuTime | undefined {
  const processes = readProcesses()
  if (processes === undefined) return undefined
  const known = new Map(processes.map((one) => [one.pid, one]))
  const children = Map.groupBy(processes, ({ parent }) => parent)
  const childrenOf = (pid: number) => (children.get(pid) ?? []).map((child) => child.pid)
  const whole = (pid: number): number =>
    childrenOf(pid).reduce((sum, child) => sum + whole(child), known.get(pid)?.seconds ?? 0)

  const all = (pids: readonly (number | undefined)[]) =>
    pids.reduce((sum: number, pid) => sum + (pid ? whole(pid) : 0), 0)
  const named = new Set(Object.values(parts).flat())
  const used = Object.entries(parts).map(([name, pids]) => [name, all(pids)] as const)
  return { ...Object.fromEntries(used), rest: all(childrenOf(process.pid).filter((pid) => !named.has(pid))) }
}

function readProcesses(): Process[] | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/u.test(name))
    return pids.flatMap((pid) => readProcess(Number(pid)) ?? [])
  } catch {
    return undefined // another system
  }
}

function readProcess(pid: number): Process | undefined {
  try {
    // Behind the name, which may hold spaces: the state, the parent, …, and what it and its children that have ended used.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /su, '')
      .split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { pid, parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }
  } catch {
    return undefined // it has ended meanwhile
  }
}
