import { mayMove, type Status } from '@keepr/shared/domain/lifecycle'
import { type Finding, finding, type Invariant } from './invariant.ts'

type Told = { artifact_id: string; event_type: string; status: Status; part: boolean }

/** What each event makes of an artifact; the others leave its state as it is. */
const LEADS_TO: Readonly<Record<string, Status>> = {
  published: 'published',
  blocked: 'blocked',
  cancelled: 'blocked',
  rollback: 'archived',
  archived: 'archived',
  restored: 'published',
  revalidation_requested: 'on_verification',
}

/** One event per change of state, without gaps, and together they tell exactly the state that the rows are in. */
export const eventsTellTheState: Invariant = async ({ admin }) => {
  const gaps = await admin<{ place: string; events: number; last: number }[]>`
    select n.group_id || '/' || n.type || '/' || n.name as place, count(e.id)::int as events, n.last_sequence::int as last
      from artifact_names n
      left join artifact_events e on (e.group_id, e.type, e.name) = (n.group_id, n.type, n.name)
     group by n.group_id, n.type, n.name
    having count(e.id) <> n.last_sequence or coalesce(max(e.sequence), 0) <> n.last_sequence or coalesce(min(e.sequence), 1) <> 1`
  const [names] = await admin<{ count: number }[]>`select count(*)::int as count from artifact_names`
  return [
    finding(
      'sequences have no gaps',
      names?.count ?? 0,
      gaps.map(({ place, events, last }) => `${place} has ${events} events and gave out ${last}`),
    ),
    await replay(admin),
  ]
}

async function replay(admin: Parameters<Invariant>[0]['admin']): Promise<Finding> {
  const broken: string[] = []
  const states = new Map<string, Status | 'discarded'>()
  const events = admin<Told[]>`
    select artifact_id, event_type, status, event_data ? 'part_of' as part
      from artifact_events order by group_id, type, name, sequence`.cursor(1000)
  let looked = 0
  for await (const rows of events)
    for (const event of rows) {
      looked += 1
      const before = states.get(event.artifact_id)
      const problem = fault(before, event)
      if (problem !== undefined) broken.push(`artifact ${event.artifact_id}: ${problem}`)
      states.set(event.artifact_id, event.event_type === 'discarded' ? 'discarded' : event.status)
    }
  const rows = await admin<{ id: string; status: Status }[]>`
    select id, status from artifact_active
     union all select original_id, status from artifact_history where restored_at is null`
  const actual = new Map(rows.map(({ id, status }) => [id, status]))
  for (const [id, state] of states) {
    const row = actual.get(id) ?? 'discarded'
    if (row !== state) broken.push(`artifact ${id} is ${row}, its events say ${state}`)
  }
  for (const id of actual.keys()) if (!states.has(id)) broken.push(`artifact ${id} has no events`)
  return finding('one event per change of state, and together they tell the state', looked, broken)
}

function fault(before: Status | 'discarded' | undefined, { event_type: type, status }: Told): string | undefined {
  const expected = LEADS_TO[type]
  if (expected !== undefined && status !== expected) return `${type} left it ${status}`
  if (type === 'created') return before === undefined ? undefined : 'was created twice'
  if (before === undefined || before === 'discarded') return `${type} before it was created or after it was discarded`
  if (before === status) {
    // The submission of what was never a draft stands beside its creation, and a held run is replaced where it is.
    const stays = expected === undefined || type === 'revalidation_requested'
    return stays ? undefined : `${type} although it was ${before}`
  }
  const moves = expected !== undefined || type === 'submitted'
  return moves && mayMove(before, status) ? undefined : `${type} took it from ${before} to ${status}`
}
