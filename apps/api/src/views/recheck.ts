import type { RecheckRow } from '@keepr/db/rows'

/** A re-validation and how far it is. */
export const viewRecheck = (row: RecheckRow) => ({
  id: row.id,
  type: row.artifact_type,
  simulate: row.simulate,
  state: row.state,
  requested_by: row.requested_by,
  progress: {
    total: row.total,
    started: row.started,
    passed: row.passed,
    failed: row.failed,
    unavailable: row.unavailable,
    skipped: row.skipped,
  },
  created_at: row.created_at,
  finished_at: row.finished_at,
})
