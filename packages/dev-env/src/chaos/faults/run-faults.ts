import { setTimeout as pause } from 'node:timers/promises'
import { isUnavailable } from '@keepr/db/unavailable'
import { messageOf } from '../../message-of.ts'
import type { Random } from '../random.ts'
import { databaseFaults } from './database.ts'
import type { Fault, Victims } from './fault.ts'
import { peerFaults } from './peers.ts'
import { postgresQueueFaults, redisFaults } from './queue-store.ts'
import { serviceFaults } from './services.ts'

type Options = {
  victims: Victims
  random: Random
  durationMs: number
  note: (line: string) => void
  signal: AbortSignal
}

const REST_MS = [200, 3500] as const

/**
 * Breaks something every second or so, several things at a time but never one victim twice, for as long as asked. Ends when
 * the last fault is over.
 * @returns how often each fault struck, and what could not be done
 */
export async function runFaults({ victims, random, durationMs, note, signal }: Options) {
  const faults = [
    ...serviceFaults,
    ...databaseFaults,
    ...peerFaults,
    ...(victims.redis ? redisFaults : postgresQueueFaults),
  ]
  const struck = new Map<string, number>()
  const failed: string[] = []
  const busy = new Map<string, Promise<void>>()
  const strike = async (fault: Fault) => {
    note(fault.name)
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1)
    try {
      await fault.strike(victims, random.fork(`${fault.name} ${struck.get(fault.name)}`))
    } catch (error) {
      // What is down already cannot be broken further.
      if (!isUnavailable(error)) failed.push(`${fault.name}: ${messageOf(error)}`)
    }
    busy.delete(fault.victim)
  }
  for (const end = Date.now() + durationMs; Date.now() < end && !signal.aborted;) {
    const fault = pickFault(faults, random)
    // Its throws are the same whether or not the victim is free, so that a seed gives one order of faults.
    if (!busy.has(fault.victim)) busy.set(fault.victim, strike(fault))
    await pause(Math.min(random.between(...REST_MS), Math.max(end - Date.now(), 0)))
  }
  await Promise.all(busy.values())
  return { struck, failed }
}

function pickFault(faults: readonly Fault[], random: Random): Fault {
  let at = random.next() * faults.reduce((sum, { weight }) => sum + weight, 0)
  const chosen = faults.find(({ weight }) => (at -= weight) < 0) ?? faults[0]
  if (!chosen) throw new Error('there are no faults to choose from')
  return chosen
}
