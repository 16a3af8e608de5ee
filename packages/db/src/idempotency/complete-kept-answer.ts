import type { Tx } from '../transaction.ts'
import type { KeptAnswer } from './find-kept-answer.ts'
import type { KeyScope } from './try-lock-key.ts'

/** Puts the answer that a request was given after it had waited in the place of the one that it would have got at once. */
export async function completeKeptAnswer(tx: Tx, answer: KeyScope & KeptAnswer): Promise<void> {
  await tx`
    update idempotency_keys
       set answer_status = ${answer.answer_status}, answer_headers = ${tx.json(answer.answer_headers)},
           answer_body = ${answer.answer_body}, waiting_until = null
     where group_id = ${answer.group_id} and user_id = ${answer.user_id} and route = ${answer.route} and key = ${answer.key}
       and request_hash = ${answer.request_hash} and waiting_until is not null`
}
