import type { Tx } from '../transaction.ts'
import type { KeptAnswer } from './find-kept-answer.ts'
import type { KeyScope } from './try-lock-key.ts'

/** Keeps the answer to a request; a record that is older than 24 hours and not pruned yet gives way. */
export async function insertKeptAnswer(
  tx: Tx,
  answer: KeyScope & KeptAnswer & { artifact_id: string | null },
): Promise<void> {
  await tx`
    insert into idempotency_keys (group_id, user_id, route, key, request_hash, answer_status, answer_headers, answer_body, artifact_id)
    values (${answer.group_id}, ${answer.user_id}, ${answer.route}, ${answer.key}, ${answer.request_hash},
            ${answer.answer_status}, ${tx.json(answer.answer_headers)}, ${answer.answer_body}, ${answer.artifact_id})
    on conflict (group_id, user_id, route, key) do update
       set request_hash = excluded.request_hash, answer_status = excluded.answer_status,
           answer_headers = excluded.answer_headers, answer_body = excluded.answer_body,
           artifact_id = excluded.artifact_id, created_at = now()
     where idempotency_keys.created_at <= now() - interval '24 hours'`
}
