import type { Tx } from '@keepr/db/transaction'
import { findNewestVerdict } from '@keepr/db/validation-runs/find-newest-verdict'
import { problem } from '@keepr/shared/problem'

type Candidate = { id: string; group_id: string; version: string; content_hash: string; purged_at: string | null }

/** What returns, by a rollback or by hand, must have passed for exactly these bytes, by its newest verdict. */
export async function requireRestorable(tx: Tx, candidate: Candidate): Promise<void> {
  const { version, content_hash, purged_at } = candidate
  if (purged_at !== null) throw problem('not-restorable', { detail: `The content of ${version} was purged.`, version })
  const verdict = await findNewestVerdict(tx, candidate)
  const passed = verdict?.state === 'passed' || verdict?.state === 'not_required'
  if (passed && verdict.content_hash === content_hash) return
  throw problem('not-restorable', { detail: `The newest verdict on ${version} is not a pass.`, version })
}
