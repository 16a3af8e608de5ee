import type { Tx } from '../transaction.ts'
import type { KeptAnswer } from './find-kept-answer.ts'
import type { KeyScope } from './try-lock-key.ts'

/** `artifact_ids`: the artifacts whose metadata stands in the answer, so that a purge finds it. */
export type NewKeptAnswer = KeyScope & KeptAnswer & { artifact_ids: readonly string[]; waitingMs: number }

/** Keeps the answer to a request; a record that is older than 24 hours and not pruned yet gives way. */
export async function insertKeptAnswer(tx: Tx, answer: NewKeptAnswer): Promise<void> {
  await tx`
    insert into idempotency_keys (group_id, user_id, route, key, request_hash, answer_status, answer_headers, answer_body,
                                  artifact_ids, waiting_until)
    values (${answer.group_id}, ${answer.user_id}, ${answer.route}, ${answer.key}, ${answer.request_hash},
            ${answer.answer_status}, ${tx.json(answer.answer_headers)}, ${answer.answer_body}, ${[...answer.artifact_ids]}::uuid[],
            case when ${answer.waitingMs} > 0 then clock_timestamp() + make_interval(secs => ${answer.waitingMs / 1000}) end)
    on conflict (group_id, user_id, route, key) do update
       set request_hash = excluded.request_hash, answer_status = excluded.answer_status,
           answer_headers = excluded.answer_headers, answer_body = excluded.answer_body,
           artifact_ids = excluded.artifact_ids, waiting_until = excluded.waiting_until, created_at = now()
     where idempotency_keys.created_at <= now() - interval '24 hours'`
}
