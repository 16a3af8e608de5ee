import type { Metrics } from './metrics.ts'
import type { QueueName, WakeWorker } from './queue.ts'

type Observed = { worker: WakeWorker; concurrency: number }

/** What every process that works on queues shows of it. */
export function observeWorkers(metrics: Metrics, workers: Partial<Record<QueueName, Observed>>): void {
  const slots = metrics.gauge('keepr_worker_slots', 'Messages that this process works on at once at most.', ['queue'])
  const busy = metrics.gauge('keepr_worker_busy_slots', 'Messages that this process is working on.', ['queue'])
  const up = metrics.gauge('keepr_worker_up', 'Whether this process gets messages from the queue.', ['queue'])
  metrics.sample('workers', () => {
    for (const [queue, { worker, concurrency }] of Object.entries(workers)) {
      slots.set({ queue }, concurrency)
      busy.set({ queue }, worker.inFlight())
      up.set({ queue }, worker.health().state === 'ok' ? 1 : 0)
    }
  })
}
