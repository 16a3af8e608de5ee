import { connectionFault } from '../connection-fault.ts'
import type { Log } from '../log.ts'
import type { QueueName } from './backend.ts'

export type QueueHealth = { state: 'ok' | 'degraded'; reason?: string }

const REMIND_MS = 30_000

export type TellHealth = (queue: QueueName, store: string, health: QueueHealth) => void

/** Tells of a store once for all queues in it: when the first cannot use it, now and then while that lasts, and when all can again. */
export function tellHealth(log: Log, texts: { ok: string; degraded: string }): TellHealth {
  const degraded = new Set<QueueName>()
  let told: QueueHealth['state'] | undefined
  let toldAt = Number.NEGATIVE_INFINITY
  return (queue, store, { state, reason }) => {
    if (state === 'ok') degraded.delete(queue)
    else degraded.add(queue)
    const now = degraded.size === 0 ? 'ok' : 'degraded'
    if (now === told && (now === 'ok' || performance.now() - toldAt < REMIND_MS)) return
    told = now
    toldAt = performance.now()
    if (now === 'ok') log.info({ store }, texts.ok)
    else log.warn({ store, reason }, texts.degraded)
  }
}

/** Why a store cannot be used. */
export const reasonOf = (error: unknown): string =>
  connectionFault(error) ?? (error instanceof Error && error.message !== '' ? error.message : 'unreachable')
