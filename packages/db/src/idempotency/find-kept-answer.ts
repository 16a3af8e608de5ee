import type { Tx } from '../transaction.ts'
import type { KeyScope } from './try-lock-key.ts'

export type KeptAnswer = {
  request_hash: string
  answer_status: number
  answer_headers: Record<string, string>
  answer_body: string
}

/** The answer that a key was used for within its 24 hours; `waiting` while the first request waits for its verdict. */
export async function findKeptAnswer(
  tx: Tx,
  { group_id, user_id, route, key }: KeyScope,
): Promise<(KeptAnswer & { waiting: boolean }) | undefined> {
  const [row] = await tx<(KeptAnswer & { waiting: boolean })[]>`
    select request_hash, answer_status, answer_headers, answer_body,
           coalesce(waiting_until > now(), false) as waiting
      from idempotency_keys
     where group_id = ${group_id} and user_id = ${user_id} and route = ${route} and key = ${key}
       and created_at > now() - interval '24 hours'`
  return row
}
