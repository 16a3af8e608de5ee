import type { Processor } from 'bullmq'
import type { QueueMessage } from '../../schemas/jobs.ts'

/** So long something that the store is asked for may take. */
export const PATIENCE_MS = 2000

/** The queues of the product. */
export type QueueName = 'validation' | 'events' | 'deliveries'

export type QueueSettings = { readonly redisUrl: string | undefined; readonly queueDatabaseUrl: string }

/** A producer answers fast or fails; a worker waits for as long as it takes. */
export type QueueUse = 'producer' | 'worker'

export type Job = { name: string; data: QueueMessage; opts: { jobId: string } & typeof JOB_OPTIONS }

/** What Keepr uses of BullMQ's Queue, whichever store is behind it. */
export type BullQueue = {
  add(name: string, data: QueueMessage, opts: Job['opts']): Promise<unknown>
  addBulk(jobs: Job[]): Promise<unknown>
  getJobCounts(...states: ('waiting' | 'active' | 'delayed')[]): Promise<Record<string, number>>
  waitUntilReady(): Promise<unknown>
  close(): Promise<void>
  disconnect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** What Keepr uses of BullMQ's Worker. */
export type BullWorker = {
  run(): Promise<void>
  waitUntilReady(): Promise<unknown>
  close(force?: boolean): Promise<void>
  disconnect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** One store for queues. Objects are made only after a successful probe: BullMQ's may never recover otherwise. */
export type QueueBackend = {
  /** The setting that names it, and where that is. */
  readonly store: string
  /** Messages from which one bulk call beats single ones. */
  readonly bulkFrom: number
  /** Throws when the store cannot be used; else tells what is wrong with it, if anything. */
  probe(): Promise<string | undefined>
  makeQueue(name: QueueName): BullQueue
  makeWorker(name: QueueName, processor: Processor, concurrency: number): BullWorker
  /** Whether the store is well and just will not take this message. */
  isRefusal(error: unknown): boolean
  close(): Promise<void>
}

/**
 * A finished job leaves no trace (its id could never be added again, and keeping a count is slow on PostgreSQL), and a
 * failed one is tried again at once: truth and schedule live in the outbox. One attempt would not do: a connection that
 * is cut while a job is being completed counts as its failure.
 */
export const JOB_OPTIONS = { attempts: 3, removeOnComplete: true, removeOnFail: true } as const

/** Dead workers are noticed within two stalled intervals; a job may lose its worker often before it is given up. */
export const WORKER_OPTIONS = {
  autorun: false,
  lockDuration: 10_000,
  stalledInterval: 5000,
  maxStalledCount: 10,
  maxStartedAttempts: 25,
  drainDelay: 5,
  runRetryDelay: 1000,
} as const
