import { SETTLED_WITHIN_MS } from '../settle.ts'
import { type Invariant, finding } from './invariant.ts'

/** Every run ends in one verdict, or is expired, cancelled or visibly held; and soon enough. */
export const runsEnd: Invariant = async ({ admin, settledMs }) => {
  const [all] = await admin<{ runs: number }[]>`select count(*)::int as runs from validation_runs`
  const open = await admin<{ id: string; state: string }[]>`
    select id, state from validation_runs where state in ('waiting', 'running', 'error')`
  const adrift = await admin<{ id: string; state: string | null }[]>`
    select a.id, r.state from artifact_active a left join validation_runs r on r.id = a.validation_run_id
     where a.status = 'on_verification'
       and (r.state is distinct from 'held' or not exists (
             select from artifact_events e
              where e.artifact_id = a.id and e.event_type = 'verification_held' and e.event_data ->> 'run_id' = r.id::text))`
  // A run's verdict has one event; what was cancelled or replaced has none of its own.
  const told = await admin<{ id: string; state: string; events: number }[]>`
    select r.id, r.state, count(e.id)::int as events
      from validation_runs r
      left join artifact_events e on e.artifact_id = r.artifact_id and e.event_data ->> 'run_id' = r.id::text
                                 and e.event_type in ('published', 'blocked')
     where r.kind <> 'recheck'
     group by r.id
    having count(e.id) <> case when r.state in ('passed', 'failed', 'expired', 'not_required') then 1 else 0 end`
  const runs = all?.runs ?? 0
  return [
    finding(
      'every run has ended, or is held',
      runs,
      open.map(({ id, state }) => `run ${id} is ${state}`),
    ),
    finding(
      'what waits for a verdict is visibly held',
      runs,
      adrift.map(({ id, state }) => `artifact ${id} waits, its run is ${state}`),
    ),
    finding(
      'a verdict is told by exactly one event',
      runs,
      told.map(({ id, state, events }) => `run ${id} is ${state} and has ${events} events`),
    ),
    finding(
      'all is settled within 60 s of the last fault',
      1,
      settledMs <= SETTLED_WITHIN_MS ? [] : [`it took ${Math.round(settledMs / 1000)} s`],
    ),
  ]
}
