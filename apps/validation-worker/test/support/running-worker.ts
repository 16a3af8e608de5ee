import { startRelay } from '@keepr/db/outbox/relay'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import { openPublisher, type QueueSettings, startWorker } from '@keepr/shared/runtime/queue'
import { typesJudgedInTurn, typesPublishedTogether } from '@keepr/shared/schemas/type-config'
import { validateArtifact } from './validate-artifact.ts'
import type { TestWorker } from './worker.ts'

export type RunningWorker = AsyncDisposable & {
  /** Runs that hold a slot of the worker at this moment. */
  inFlight(): number
  /** Jobs that the queue keeps. */
  queued(): Promise<number>
}

/** The worker as in production, from the outbox over a real queue; only leases are shorter, as tests wait for them. */
export function runningWorker(worker: TestWorker, settings: QueueSettings, concurrency = 16): RunningWorker {
  const { db, log } = worker.ctx
  const publisher = openPublisher(settings, { log })
  const bounds = { ...relayBounds, leaseMs: 2000 }
  const publishedTogether = () => typesPublishedTogether(worker.ctx.types())
  const judgedInTurn = () => typesJudgedInTurn(worker.ctx.types())
  const relay = startRelay({
    db,
    publish: publisher.publish,
    pollMs: 100,
    log,
    bounds,
    publishedTogether,
    judgedInTurn,
  })
  const started = startWorker('validation', validateArtifact({ ...worker.ctx, relay }), { settings, concurrency, log })
  return {
    inFlight: started.inFlight,
    async queued() {
      const { waiting, active } = await publisher.queues.validation.counts()
      return waiting + active
    },
    async [Symbol.asyncDispose]() {
      await started.close(2000)
      await relay.stop()
      await publisher.close()
    },
  }
}
