import { Integer } from '@keepr/shared/schemas/integer'
import * as v from 'valibot'

/** What is answered of a re-validation. */
export const RecheckAnswer = v.object({
  id: v.string(),
  type: v.string(),
  simulate: v.boolean(),
  state: v.picklist(['running', 'paused', 'done']),
  requested_by: v.string(),
  progress: v.object({
    total: Integer,
    started: Integer,
    passed: Integer,
    failed: Integer,
    unavailable: Integer,
    skipped: Integer,
  }),
  created_at: v.string(),
  finished_at: v.nullable(v.string()),
})

export const recheckExample = {
  id: '0198c1f0-5a7e-7c3d-8a1b-2f1e5d3c4b6a',
  type: 'python_script',
  simulate: false,
  state: 'running',
  requested_by: 'olga',
  progress: { total: 240, started: 31, passed: 22, failed: 1, unavailable: 0, skipped: 0 },
  created_at: '2026-11-24T09:00:00.000000Z',
  finished_at: null,
}
