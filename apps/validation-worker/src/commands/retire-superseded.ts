import { listSuperseded } from '@keepr/db/artifacts/list-superseded'
import { appendEvents, type NewEvent } from '@keepr/db/events/append-events'
import { moveToHistory } from '@keepr/db/history/move-to-history'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { systemActor } from '@keepr/shared/domain/actor'

type Publication = Pick<ArtifactRow, 'id' | 'group_id' | 'type' | 'name' | 'version'>

const actor = systemActor('validation-worker')
/** Of a name whose type has a limit that is new, thousands may leave: together they would take longer than a statement may. */
export const RETIRED_AT_ONCE = 100

/**
 * Moves published versions beyond the type's limit to the history, the lowest first and so many at once. Under the lock of the name.
 * @returns their events, which the caller writes
 */
export async function retireSuperseded(tx: Tx, publication: Publication, maxPublished: number): Promise<NewEvent[]> {
  const ids = await listSuperseded(tx, publication, { maxPublished, limit: RETIRED_AT_ONCE })
  const retired = await moveToHistory(tx, publication.group_id, ids, { reason: 'superseded', by: actor })
  return retired.map((artifact) => ({
    artifact,
    event_type: 'archived',
    event_data: { reason: 'superseded', superseded_by: publication.version },
  }))
}

/** What a publication has left beyond the limit, in a transaction of its own. @returns whether more may be left */
export async function retireMore(tx: Tx, publication: Publication, maxPublished: number): Promise<boolean> {
  await lockName(tx, publication, 0)
  const events = await retireSuperseded(tx, publication, maxPublished)
  const name = await lockName(tx, publication, events.length)
  await appendEvents(tx, { actor }, name?.last_sequence ?? 0, events)
  return events.length === RETIRED_AT_ONCE
}
