import type { Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { recordRecheck } from './record-recheck.ts'
import { recordVerdict, type VerdictRecord } from './record-verdict.ts'

/** Ends a run with its verdict: a submission moves its artifact, a recheck leaves it published unless it failed. */
export const settleRunByKind = (tx: Tx, run: OpenRun, record: VerdictRecord, type: TypeConfig | undefined) =>
  run.kind === 'recheck'
    ? recordRecheck(tx, run, record, type)
    : recordVerdict(tx, run, { ...record, maxPublished: type?.max_published })
