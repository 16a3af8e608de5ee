import { pause } from '../pause.ts'
import { within } from '../within.ts'
import { PATIENCE_MS, type QueueBackend, type QueueName } from './backend.ts'
import { type QueueHealth, reasonOf, type TellHealth } from './tell-health.ts'

type Options = {
  backend: QueueBackend
  /** Makes good what uses the store, which answers; throws when it cannot. `failures` came one after the other until now. */
  mend: (failures: number) => Promise<void>
  tell: TellHealth
  /** Ends it. */
  signal: AbortSignal
}

export type Tending = {
  health(): QueueHealth
  /** The store could not be used between two looks. */
  noteFailure(error: unknown): void
  /** Settles when the store was looked at for the first time. */
  begun: Promise<void>
  /** Settles when it is over. */
  ended: Promise<void>
}

const EVERY_MS = { ok: 5000, degraded: 1000 } as const

/** Looks after what uses the store of a queue, which may be down, go away and come back at any time. */
export function tend(queue: QueueName, { backend, mend, tell, signal }: Options): Tending {
  let health: QueueHealth = { state: 'degraded', reason: 'not connected yet' }
  let failures = 0

  function become(next: QueueHealth) {
    health = next
    tell(queue, backend.store, health)
  }

  function noteFailure(error: unknown) {
    failures += 1
    become({ state: 'degraded', reason: reasonOf(error) })
  }

  async function look() {
    try {
      const concern = await within(PATIENCE_MS, 'reaching the queue', backend.probe())
      await mend(failures)
      failures = 0
      become(concern === undefined ? { state: 'ok' } : { state: 'degraded', reason: concern })
    } catch (error) {
      noteFailure(error)
    }
  }

  const begun = look()
  async function goOn() {
    await begun
    while (!signal.aborted) {
      await pause(EVERY_MS[health.state], signal)
      if (!signal.aborted) await look()
    }
  }

  return { health: () => health, noteFailure, begun, ended: goOn() }
}
