/** How far a validation run is. It is open while it waits, is running, or waits for its next try after an error. */
export const RUN_STATES = [
  'waiting',
  'running',
  'passed',
  'failed',
  'error',
  'expired',
  'held',
  'cancelled',
  'not_required',
] as const
export type RunState = (typeof RUN_STATES)[number]
