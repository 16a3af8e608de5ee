import type { QueueMessage } from '../../schemas/jobs.ts'
import type { Log } from '../log.ts'
import { within } from '../within.ts'
import { addJobs, jobsOf, type Refusal } from './add-jobs.ts'
import { type BullQueue, PATIENCE_MS, type QueueName, type QueueSettings } from './backend.ts'
import { queueBackend } from './queue-backend.ts'
import { type QueueHealth, type TellHealth, tellHealth } from './tell-health.ts'
import { tend } from './tend.ts'

/** The store of the queue cannot be reached, or takes nothing at the moment: the messages stay in the outbox. */
export class QueueUnavailable extends Error {
  override readonly name = 'QueueUnavailable'
}

export type WakeQueue = AsyncDisposable & {
  /**
   * Hands messages to the queue; one that it still keeps is not added twice. Never takes longer than a few seconds:
   * throws QueueUnavailable when the store cannot be used, else returns the messages that it refused.
   */
  addBulk(messages: readonly QueueMessage[]): Promise<Refusal[]>
  counts(): Promise<{ waiting: number; active: number }>
  health(): QueueHealth
  /** BullMQ's own object, for the dashboard; undefined while the store is unreachable. It may be replaced. */
  current(): BullQueue | undefined
  close(): Promise<void>
}

/** So many failures of a queue whose store answers: the object itself is broken. */
const FAILURES_BEFORE_REBUILD = 3

/** What a process says of the queues that it adds to. */
export const tellQueues = (log: Log): TellHealth =>
  tellHealth(log, { ok: 'the queue is connected', degraded: 'the queue is degraded; the outbox keeps the messages' })

/** Opens a queue to add to. Its store may be down, go away and come back at any time. */
export function openQueue(
  name: QueueName,
  settings: QueueSettings,
  { log, tell = tellQueues(log) }: { log: Log; tell?: TellHealth },
): WakeQueue {
  const closing = new AbortController()
  let queue: BullQueue | undefined
  const backend = queueBackend(settings, 'producer', (error) =>
    log.debug({ err: error, queue: name }, 'queue connection'),
  )

  async function build(): Promise<BullQueue> {
    const made = backend.makeQueue(name)
    made.on('error', (error) => log.debug({ err: error, queue: name }, 'queue'))
    try {
      await within(PATIENCE_MS, 'connecting the queue', made.waitUntilReady())
      return made
    } catch (error) {
      await discard(made)
      throw error
    }
  }

  async function mend(failures: number) {
    if (queue !== undefined && failures >= FAILURES_BEFORE_REBUILD) {
      await discard(queue)
      queue = undefined
    }
    queue ??= await build()
    await within(PATIENCE_MS, 'asking the queue', queue.getJobCounts('waiting'))
  }
  const tending = tend(name, { backend, mend, tell, signal: closing.signal })

  async function usable(): Promise<BullQueue> {
    if (queue === undefined) await within(PATIENCE_MS, 'reaching the queue', tending.begun).catch(unavailable)
    if (queue === undefined || closing.signal.aborted)
      return unavailable(new Error(tending.health().reason ?? 'the queue is closed'))
    return queue
  }

  async function addBulk(messages: readonly QueueMessage[]): Promise<Refusal[]> {
    if (messages.length === 0) return []
    const target = await usable()
    const { jobs, refused } = jobsOf(name, messages)
    try {
      return [...refused, ...(await addJobs(target, backend, jobs))]
    } catch (error) {
      return failed(error)
    }
  }

  function failed(error: unknown): never {
    tending.noteFailure(error)
    return unavailable(error)
  }

  async function close() {
    closing.abort()
    await within(PATIENCE_MS, 'closing the queue', tending.ended).catch((error: unknown) =>
      log.debug({ err: error }, 'queue'),
    )
    if (queue !== undefined) await discard(queue)
    await within(500, 'closing the pool', backend.close()).catch((error: unknown) => log.debug({ err: error }, 'queue'))
  }

  const discard = async (old: BullQueue) => {
    try {
      await within(1000, 'closing the queue', old.close())
    } catch (error) {
      log.debug({ err: error, queue: name }, 'the queue did not close by itself')
      void old.disconnect().catch((late: unknown) => log.debug({ err: late, queue: name }, 'queue'))
    }
  }

  return {
    addBulk,
    counts: async () => {
      const target = await usable()
      const counts = await within(PATIENCE_MS, 'asking the queue', target.getJobCounts('waiting', 'active')).catch(
        failed,
      )
      return { waiting: counts['waiting'] ?? 0, active: counts['active'] ?? 0 }
    },
    health: tending.health,
    current: () => queue,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const unavailable = (cause: unknown): never => {
  throw new QueueUnavailable('the queue cannot be used at the moment', { cause })
}
