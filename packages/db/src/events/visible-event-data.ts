import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

type Fragment = postgres.PendingQuery<postgres.Row[]>

/**
 * What event `e` tells, less the other versions (and the events of others) that the actor may not see now. The row itself
 * stays whole: subscribers are told all of it.
 */
export const visibleEventData = (tx: Tx): Fragment => tx`
  case when e.event_type not in ('rollback', 'restored', 'archived') then e.event_data else (
    select coalesce(jsonb_object_agg(told.key, case when told.key = 'withdrawn' then ${visibleOnes(tx)} else told.value end), '{}')
      from jsonb_each(e.event_data) told
     where case
             when told.key in ('to_version', 'superseded_by') then ${isVisible(tx, tx`told.value #>> '{}'`)}
             when told.key = 'restored' then ${isVisible(tx, tx`told.value ->> 'version'`)}
             when told.key in ('part_of', 'rollback') then exists (
               select from artifact_events story where story.group_id = e.group_id and story.id = (told.value #>> '{}')::uuid)
             else true
           end) end`

const visibleOnes = (tx: Tx) => tx`(
      select coalesce(jsonb_agg(one.brief order by one.place), '[]')
        from jsonb_array_elements(told.value) with ordinality as one (brief, place)
       where ${isVisible(tx, tx`one.brief ->> 'version'`)})`

/** Of the versions that an event names each was published: a consumer may hear of it, as of its events (migration 0008). */
const isVisible = (tx: Tx, version: Fragment) => tx`exists (
               select from artifact_versions v
                where v.group_id = e.group_id and v.type = e.type and v.name = e.name and v.version = ${version}
                  and may_see(v.created_by, 'published', v.usage_policy))`
