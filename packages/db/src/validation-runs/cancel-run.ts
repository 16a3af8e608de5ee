import { finishRunMessages } from '../outbox/finish-run-messages.ts'
import type { Tx } from '../transaction.ts'
import { announceVerdict } from '../verdict-channel.ts'

/** Ends an open or held run without a verdict; a worker that is just judging it finds it settled. */
export async function cancelRun(tx: Tx, run: { id: string; group_id: string }, reason: string): Promise<boolean> {
  const [ended] = await tx<{ awaited: boolean }[]>`
    update validation_runs
       set state = 'cancelled', reason = ${reason}, checked_at = now()
     where id = ${run.id} and group_id = ${run.group_id} and state in ('waiting', 'running', 'error', 'held')
    returning awaited`
  if (!ended) return false
  await finishRunMessages(tx, run.group_id, [run.id])
  if (ended.awaited) await announceVerdict(tx, run.id)
  return true
}
