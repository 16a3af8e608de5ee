import type { Tx } from '../transaction.ts'

/** Everything of a re-validation (see RecheckRow). */
export const recheckColumns = (tx: Tx) => tx`
  id, artifact_type, simulate, state, requested_by, cursor, total, started, passed, failed, unavailable, skipped,
  created_at, finished_at`
