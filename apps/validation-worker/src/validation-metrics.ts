import type { Metrics } from '@keepr/shared/runtime/metrics'

export type ValidationMetrics = ReturnType<typeof createValidationMetrics>

/** What can come of a try, and of a run; of each type all are shown from the start, so that the first one is a change. */
export const OUTCOMES = [
  'passed',
  'failed',
  'error',
  'pending',
  'postponed',
  'expired',
  'held',
  'not_required',
] as const

/** What the validation worker counts. A type is the operator's own word, so it may be a label; groups and names may not. */
export const createValidationMetrics = (metrics: Pick<Metrics, 'counter' | 'gauge' | 'histogram'>) => ({
  outcomes: metrics.counter('keepr_validation_outcomes_total', 'What came of judging runs, by type and outcome.', [
    'type',
    'outcome',
  ]),
  runDuration: metrics.histogram(
    'keepr_validation_run_duration_seconds',
    'How long runs took from submission to verdict, by type and verdict.',
    ['type', 'verdict'],
    [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 86_400],
  ),
  callDuration: metrics.histogram(
    'keepr_validator_call_duration_seconds',
    'How long calls to validators took.',
    ['type'],
    [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
  ),
  pendingRuns: metrics.gauge('keepr_validation_pending_runs', 'Runs that wait for a verdict, by type and age.', [
    'type',
    'age',
  ]),
  heldRuns: metrics.gauge('keepr_validation_held_runs', 'Runs that are held until an author asks again, by type.', [
    'type',
  ]),
  breakerOpen: metrics.gauge(
    'keepr_validator_breaker_open',
    'Whether the breaker of a type is closed (0), lets one try through (0.5) or is open (1), in this process.',
    ['type'],
  ),
  operatorMistakes: metrics.counter(
    'keepr_validator_mistakes_total',
    'Tries that failed in a way that only the operator can mend (401, 403, 404, missing secret or type).',
    ['type'],
  ),
  lateVerdicts: metrics.counter(
    'keepr_validation_late_verdicts_total',
    'Verdicts that came when their run had ended already (cancelled, replaced, judged by another worker), by type and verdict.',
    ['type', 'verdict'],
  ),
  swept: metrics.counter('keepr_validation_swept_total', 'What the sweep had to mend.', ['what']),
})
