import type { Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import type { NewTry } from '@keepr/db/validation-runs/insert-try'
import { insertTry } from '@keepr/db/validation-runs/insert-try'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { holdVerification } from './hold-verification.ts'
import { settleRunByKind } from './settle-run-by-kind.ts'

/**
 * The validator could not be had within the run's attempts or its deadline. Fail closed: the artifact is blocked and can
 * be revalidated, or held where the type says so; it is never published.
 */
export async function expireRun(
  tx: Tx,
  run: OpenRun,
  { type, tried }: { type: TypeConfig | undefined; tried?: NewTry },
): ReturnType<typeof settleRunByKind> {
  const end = { reason: 'validator_unavailable', attempted: tried !== undefined && run.poll_url === null }
  if (run.kind !== 'recheck' && type?.validator?.on_unavailable === 'hold') {
    if (tried) await insertTry(tx, run, tried)
    return holdVerification(tx, run, end)
  }
  return settleRunByKind(tx, run, { verdict: { state: 'expired', ...end }, tried }, type)
}
