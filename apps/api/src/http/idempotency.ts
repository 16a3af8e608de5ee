import { createHash } from 'node:crypto'
import { completeKeptAnswer } from '@keepr/db/idempotency/complete-kept-answer'
import { findKeptAnswer, type KeptAnswer } from '@keepr/db/idempotency/find-kept-answer'
import { insertKeptAnswer } from '@keepr/db/idempotency/insert-kept-answer'
import { tryLockKey } from '@keepr/db/idempotency/try-lock-key'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'
import type { StatusCode } from 'hono/utils/http-status'
import type { Answer } from './answer.ts'
import type { Call, Keyed } from './api.ts'

/** No path of ours is longer, escaped as a whole even, and an entry of the index that finds keys has an end. */
const longestPath = 700

/** Reads the key of a request and takes the fingerprint of what is asked: another body under the same key is refused. */
export function readKey(c: Call, body: Uint8Array | undefined): Keyed | undefined {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return undefined
  if (!/^[\u0021-\u007e]([\u0020-\u007e]{0,253}[\u0021-\u007e])?$/u.test(key)) {
    throw problem('malformed-request', { detail: 'An Idempotency-Key has 1 to 255 printable ASCII characters.' })
  }
  const url = new URL(c.req.url)
  if (url.pathname.length > longestPath) throw problem('not-found')
  const hash = createHash('sha256')
    .update(url.search)
    .update('\n')
    .update(c.req.header('if-match') ?? '')
    .update('\n')
  if (body) hash.update(body)
  const { groupId, userId } = c.get('actor')
  const route = `${c.req.method} ${url.pathname.replace(/\/+$/u, '')}`
  return { group_id: groupId, user_id: userId, route, key, requestHash: hash.digest('hex') }
}

/**
 * Takes the key for this transaction and gives the answer that it was used for before, if any. The lock ends with the
 * transaction, so a process that dies leaves no key in progress.
 */
export async function replayedAnswer(tx: Tx, keyed: Keyed): Promise<Answer | undefined> {
  if (!(await tryLockKey(tx, keyed))) throw problem('in-progress', { retry_after_s: 1 })
  const kept = await findKeptAnswer(tx, keyed)
  if (!kept) return undefined
  if (kept.request_hash !== keyed.requestHash) throw problem('idempotency-key-reused')
  if (kept.waiting) throw problem('in-progress', { retry_after_s: 1 })
  return toAnswer(kept)
}

const toAnswer = ({ answer_status, answer_headers, answer_body }: KeptAnswer): Answer => ({
  // SAFETY: it was an answer's status when it was kept.
  status: answer_status as StatusCode,
  headers: { ...answer_headers, 'idempotent-replayed': 'true' },
  ...(answer_body === '' ? {} : { body: JSON.parse(answer_body) as object }),
})

/** Keeps an answer in the transaction of its effect; `waitingMs` is how long its request goes on to wait for a verdict. */
export const keepAnswer = (tx: Tx, keyed: Keyed, answer: Answer, waitingMs = 0): Promise<void> =>
  insertKeptAnswer(tx, { ...record(keyed, answer), artifact_ids: answer.artifactIds ?? [], waitingMs })

/** Keeps what the request was told in the end, in place of the 202 that it would have been told at once. */
export const completeAnswer = (tx: Tx, keyed: Keyed, answer: Answer): Promise<void> =>
  completeKeptAnswer(tx, record(keyed, answer))

const record = ({ requestHash, ...scope }: Keyed, { status, headers = {}, body }: Answer) => ({
  ...scope,
  request_hash: requestHash,
  answer_status: status,
  answer_headers: headers,
  answer_body: body === undefined ? '' : JSON.stringify(body),
})
