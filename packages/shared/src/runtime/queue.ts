/** The queue that wakes workers, on Redis or on PostgreSQL. Nothing is lost with it: the outbox holds what is to do. */
export { openQueue, QueueUnavailable } from './queue/open-queue.ts'
export type { QueueHealth } from './queue/tell-health.ts'
export type { QueueName, QueueSettings } from './queue/backend.ts'
export { openPublisher, type Publisher } from './queue/open-publisher.ts'
export { startWorker } from './queue/start-worker.ts'
export type { WakeProcessor, WakeWorker } from './queue/start-worker.ts'
