import { setTimeout } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { pino } from 'pino'
import { type QueueSettings, startWorker } from '../../src/runtime/queue.ts'

// A thread of its own: a worker that asks an ended connection for ever lets no timer run any more.
const settings: QueueSettings = workerData
const log = pino({ level: 'silent' })
for (let delayMs = 0; delayMs < 200; delayMs += 5) {
  const worker = startWorker('validation', async () => {}, { settings, concurrency: 2, log })
  await setTimeout(delayMs)
  await worker.close(100)
}
// As services end (shutdown.ts): a close of BullMQ's that never settles leaves the timer that renews locks.
process.exit(0)
