import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Publisher } from '@keepr/shared/runtime/queue'
import type { Job, Queue } from 'bullmq'
import type { Hono } from 'hono'
import { QUEUES_PATH } from './queues-path.ts'

export type QueueDashboard = {
  /** The pages, their files and what they ask for. */
  pages: Hono
  /** Looks at the queues as they are now. @returns false while their store cannot be reached */
  refresh(): boolean
}

/** bull-board over the queues of this process, to look at only: whatever is wrong with a queue, the outbox mends it. */
export function createQueueDashboard(queues: Publisher['queues']): QueueDashboard {
  const serverAdapter = new HonoAdapter(serveStatic).setBasePath(QUEUES_PATH)
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: {
      uiBasePath: dirname(fileURLToPath(import.meta.resolve('@bull-board/ui/package.json'))),
      uiConfig: { boardTitle: 'Keepr', showWorkers: false },
    },
  })
  const shown = new Map<unknown, BullMQAdapter>()
  return {
    pages: serverAdapter.registerPlugin(),
    refresh() {
      const present = Object.values(queues).map((queue) => queue.current())
      for (const queue of present) {
        if (queue === undefined) return false
        // SAFETY: what makes queues makes BullMQ's own, whichever store is behind them.
        if (!shown.has(queue)) shown.set(queue, new IdsOnly(queue as unknown as Queue, { readOnlyMode: true }))
      }
      for (const old of shown.keys()) if (!present.some((queue) => queue === old)) shown.delete(old)
      board.replaceQueues([...shown.values()])
      return true
    },
  }
}

/** Texts of errors may repeat what is stored; an operator sees ids, times and counts. */
class IdsOnly extends BullMQAdapter {
  override async getJob(id: string) {
    const job = await super.getJob(id)
    return job === undefined ? job : withoutTexts(job)
  }

  override async getJobs(...which: Parameters<BullMQAdapter['getJobs']>) {
    return (await super.getJobs(...which)).map(withoutTexts)
  }

  override getJobLogs(): Promise<string[]> {
    return Promise.resolve([])
  }
}

function withoutTexts(job: Job): Job {
  const toJson = job.toJSON.bind(job)
  job.toJSON = () => {
    const told = toJson()
    return { ...told, failedReason: told.failedReason ? 'see the log' : '', stacktrace: [], returnvalue: null }
  }
  return job
}
