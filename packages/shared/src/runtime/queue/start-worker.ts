import type { Job } from 'bullmq'
import * as v from 'valibot'
import { storable } from '../../domain/storable.ts'
import { QueueMessage } from '../../schemas/jobs.ts'
import type { Log } from '../log.ts'
import { pause } from '../pause.ts'
import { inSpan } from '../tracing.ts'
import { within } from '../within.ts'
import { type BullQueue, type BullWorker, PATIENCE_MS, type QueueName, type QueueSettings } from './backend.ts'
import { createHands } from './hands.ts'
import { queueBackend } from './queue-backend.ts'
import { type QueueHealth, tellHealth } from './tell-health.ts'
import { tend } from './tend.ts'

/** Does what a message asks for. The signal says to stop: the process ends, or another worker has taken over. */
export type WakeProcessor = (message: QueueMessage, signal: AbortSignal) => Promise<unknown>

export type WakeWorker = AsyncDisposable & {
  health(): QueueHealth
  /** Messages that are being worked on. */
  inFlight(): number
  /** Takes nothing new, lets work finish within the deadline, then tells it to stop. Always returns in time. */
  close(deadlineMs?: number): Promise<void>
}

type WorkerOptions = { settings: QueueSettings; concurrency: number; log: Log }

/** Messages wait, there are free hands, and yet none was fetched for so long: the object is broken. */
const DEAF_AFTER_MS = 20_000
const REST_MS = 500

/** Works on a queue for as long as the process lives, whatever happens to the queue's store. */
export function startWorker(
  name: QueueName,
  processor: WakeProcessor,
  { settings, concurrency, log }: WorkerOptions,
): WakeWorker {
  const closing = new AbortController()
  const stopping = new AbortController()
  const hands = createHands()
  let worker: BullWorker | undefined
  let counter: BullQueue | undefined
  const quietly = (error: unknown) => log.debug({ err: error, queue: name }, 'worker connection')
  const backend = queueBackend(settings, 'worker', quietly)
  const tell = tellHealth(log, {
    ok: `the worker of ${name} is connected`,
    degraded: `the worker of ${name} waits for the queue`,
  })

  const work = (job: Job<unknown>, _token?: string, signal?: AbortSignal) =>
    hands.with(() => workOff({ name, processor, log, stopping: stopping.signal }, job, signal))

  async function build(): Promise<BullWorker> {
    const made = backend.makeWorker(name, work, concurrency)
    made.on('error', quietly)
    try {
      await within(PATIENCE_MS * 2, 'connecting the worker', made.waitUntilReady())
      closing.signal.throwIfAborted() // who closes does not know of this one yet
    } catch (error) {
      await discard(made)
      throw error
    }
    hands.noteLife()
    const lost = (error?: unknown) => {
      if (worker !== made || closing.signal.aborted) return
      log.warn({ err: error, queue: name }, 'the worker stopped by itself and is built again')
      worker = undefined
    }
    made.run().then(() => lost(), lost)
    return made
  }

  async function mend() {
    if (worker !== undefined && (await isDeaf())) {
      log.warn({ queue: name }, 'the worker fetches nothing although messages wait, and is built again')
      await discard(worker)
      worker = undefined
    }
    worker ??= await build()
  }

  async function isDeaf(): Promise<boolean> {
    if (hands.busy() >= concurrency || hands.silentMs() < DEAF_AFTER_MS) return false
    counter ??= openCounter()
    const { waiting = 0 } = await within(PATIENCE_MS, 'asking the queue', counter.getJobCounts('waiting'))
    if (waiting === 0) hands.noteLife()
    return waiting > 0
  }

  function openCounter(): BullQueue {
    const made = backend.makeQueue(name)
    made.on('error', quietly)
    return made
  }

  const tending = tend(name, { backend, mend, tell, signal: closing.signal })

  async function close(deadlineMs = 8000) {
    if (closing.signal.aborted) return
    const endsAt = performance.now() + deadlineMs
    closing.abort()
    const closed = worker?.close().catch(quietly)
    const left = () => Math.max(endsAt - performance.now(), 1)
    await within(left() * 0.8, 'finishing the work', hands.emptied()).catch(() => {
      log.warn({ queue: name, in_flight: hands.busy() }, 'the work in flight is stopped; it will be done again')
    })
    stopping.abort(new Error('the process ends'))
    await within(Math.min(left() * 0.5, 1000), 'stopping the work', Promise.all([hands.emptied(), closed])).catch(
      quietly,
    )
    // Closed before it is cut off, whenever it was built: one that does not know would ask an ended connection for ever.
    if (worker !== undefined) void worker.close().catch(quietly)
    if (worker !== undefined) void worker.disconnect().catch(quietly)
    if (counter !== undefined) void counter.close().catch(quietly)
    await within(
      Math.min(left() * 0.5, 500),
      'closing connections',
      Promise.all([tending.ended, backend.close()]),
    ).catch(quietly)
  }

  const discard = (old: BullWorker) => within(1000, 'closing the worker', old.close(true)).catch(quietly)

  return { health: tending.health, inFlight: () => hands.busy(), close, [Symbol.asyncDispose]: () => close() }
}

type Working = { name: QueueName; processor: WakeProcessor; log: Log; stopping: AbortSignal }

/** Does what a job asks for. What fails is thrown, for the queue to try it again, after a rest. */
async function workOff({ name, processor, log, stopping }: Working, job: Job<unknown>, signal?: AbortSignal) {
  const checked = v.safeParse(QueueMessage, job.data)
  if (!checked.success) {
    log.error({ queue: name, reason: v.summarize(checked.issues) }, 'discarded what is no message')
    return
  }
  try {
    const until = AbortSignal.any([stopping, ...(signal === undefined ? [] : [signal])])
    await inSpan(`work ${name}`, spanOf(name, checked.output), () => processor(checked.output, until))
  } catch (error) {
    log.error({ err: error, queue: name, message_id: checked.output.message_id }, 'a message was not worked off')
    // Rests here and not in the queue, whose delays are told by each machine's own clock.
    await pause(REST_MS * 2 ** job.attemptsMade, stopping)
    // The queue stores its text.
    throw new Error(storable(error instanceof Error ? error.message : 'failed'), { cause: error })
  }
}

/** Goes on where the relay's span was. */
const spanOf = (name: QueueName, { message_id, traceparent }: QueueMessage) => ({
  kind: 'consumer' as const,
  parent: traceparent ?? null,
  attributes: { 'messaging.destination.name': name, 'messaging.message.id': message_id },
})
