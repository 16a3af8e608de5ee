import { randomUUIDv7 } from 'node:crypto'
import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { reply } from '../child/reply.ts'
import { beginRun, type ProgramRun } from './begin-run.ts'

export type BullmqFloor = (input: {
  databaseUrl: string
  seconds: number
  producers: number
  concurrency: number
}) => Promise<ProgramRun>

/** BullMQ alone on PostgreSQL: jobs that are added one by one, and processed at the same time by doing nothing. */
const run: BullmqFloor = async ({ databaseUrl, seconds, producers, concurrency }) => {
  const name = `floor-${randomUUIDv7()}`
  const connection = { connectionString: databaseUrl }
  const queue = new Queue(name, { connection, skipMetasUpdate: true }, createPostgresBackend)
  let processed = 0
  const worker = new Worker(name, async () => void processed++, { connection, concurrency }, createPostgresBackend)
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  const ended = beginRun()
  const endsAt = performance.now() + seconds * 1000
  let added = 0
  await Promise.all(
    Array.from({ length: producers }, async () => {
      for (; performance.now() < endsAt; added++)
        await queue.add(name, { refs: [name] }, { jobId: randomUUIDv7(), removeOnComplete: true, removeOnFail: true })
    }),
  )
  await new Promise<void>((resolve) => {
    const look = () => processed >= added && resolve()
    worker.on('completed', look)
    look()
  })
  const run = ended(processed)
  await worker.close()
  await queue.close()
  return run
}
reply(run)
