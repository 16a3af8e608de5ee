import * as v from 'valibot'
import { QueueMessage } from '../../schemas/jobs.ts'
import { within } from '../within.ts'
import { type BullQueue, type Job, JOB_OPTIONS, PATIENCE_MS, type QueueBackend, type QueueName } from './backend.ts'
import { reasonOf } from './tell-health.ts'

/** A message that will not be taken, and why. */
export type Refusal = { id: string; reason: string }

/** Messages as jobs; what is no message is refused here, so that it cannot hold up a batch. */
export function jobsOf(name: QueueName, messages: readonly QueueMessage[]): { jobs: Job[]; refused: Refusal[] } {
  const jobs: Job[] = []
  const refused: Refusal[] = []
  for (const message of messages) {
    const checked = v.safeParse(QueueMessage, message)
    if (!checked.success) refused.push({ id: message.message_id, reason: v.summarize(checked.issues) })
    else
      jobs.push({
        name,
        data: checked.output,
        opts: { ...JOB_OPTIONS, jobId: `${message.message_id}-${message.generation}` },
      })
  }
  return { jobs, refused }
}

/** Adds jobs in whatever way is fast. Throws when the store cannot be used. @returns what it refused */
export async function addJobs(
  queue: BullQueue,
  { bulkFrom, isRefusal }: Pick<QueueBackend, 'bulkFrom' | 'isRefusal'>,
  jobs: Job[],
): Promise<Refusal[]> {
  if (jobs.length >= bulkFrom) {
    try {
      await within(PATIENCE_MS, 'adding to the queue', queue.addBulk(jobs))
      return []
    } catch (error) {
      // One bad message makes PostgreSQL refuse the whole batch: the good ones go on their own.
      if (!isRefusal(error)) throw error
    }
  }
  const added = jobs.map(async ({ name, data, opts }) => {
    try {
      await queue.add(name, data, opts)
      return undefined
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { id: data.message_id, reason: reasonOf(error) }
    }
  })
  const outcomes = await within(PATIENCE_MS, 'adding to the queue', Promise.all(added))
  return outcomes.filter((refusal) => refusal !== undefined)
}
