import { setTimeout as pause } from 'node:timers/promises'
import type postgres from 'postgres'

export type Pending = { runs: number; messages: number; deliveries: number; jobs: number }

/** So long after the last fault every verdict and every webhook has to be there. */
export const SETTLED_WITHIN_MS = 60_000
/** Looked at for longer, to tell what is late from what never comes. */
const GIVEN_UP_AFTER_MS = 120_000

/**
 * Waits until nothing is pending any more, jobs included: one whose worker was killed is over only when its lock has run out, also
 * where another has done its work meanwhile. @returns how long after `from` that was, and what was left
 */
export async function settle(
  admin: postgres.Sql,
  countJobs: () => Promise<number>,
  from: number,
  note: (line: string) => void,
): Promise<{ tookMs: number; left: Pending }> {
  for (let toldAt = Date.now(); ; await pause(250)) {
    const left = await countPending(admin, countJobs).catch(() => undefined) // the last fault may have taken this connection with it
    const tookMs = Date.now() - from
    if (left && left.runs + left.messages + left.deliveries + left.jobs === 0) return { tookMs, left }
    if (left && tookMs > GIVEN_UP_AFTER_MS) return { tookMs, left }
    if (left && Date.now() - toldAt > 5000) {
      toldAt = Date.now()
      note(
        `settling: ${left.runs} runs, ${left.messages} messages, ${left.deliveries} deliveries and ${left.jobs} jobs are open`,
      )
    }
  }
}

async function countPending(admin: postgres.Sql, countJobs: () => Promise<number>): Promise<Pending> {
  const [row] = await admin<Omit<Pending, 'jobs'>[]>`
    select (select count(*)::int from validation_runs where state in ('waiting', 'running', 'error')) as runs,
           (select count(*)::int from outbox) as messages,
           (select count(*)::int from webhook_deliveries where state = 'pending') as deliveries`
  if (!row) throw new Error('the database counted nothing')
  return { ...row, jobs: await countJobs() }
}
