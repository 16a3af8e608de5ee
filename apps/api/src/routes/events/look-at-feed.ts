import { findFeedEnd } from '@keepr/db/events/find-feed-end'
import { findFeedReach } from '@keepr/db/events/find-feed-reach'
import { type FeedEvent, listFeed } from '@keepr/db/events/list-feed'
import { placeEvents } from '@keepr/db/events/place-events'
import type { EventType } from '@keepr/shared/domain/events'
import type { Call } from '../../http/api.ts'
import { cutPage } from '../../http/cut-page.ts'

/** Events, and up to where there are no others that were asked for; `isEnd` where the feed ends there. */
export type Look = { events: readonly FeedEvent[]; seenTo: number; isEnd: boolean }
type Asked = { after: number; types: EventType[] | undefined; limit: number }

/**
 * One look at the caller's feed, after a position. From the database that orders it: of two replicas behind one address, the one that
 * gives the events may be behind the other, which gave the end, and the cursor would then skip what it has yet to show.
 */
export async function lookAtFeed(c: Call, { after, types, limit }: Asked): Promise<Look> {
  const { db } = c.get('ctx')
  const actor = c.get('actor')
  const group_id = actor.groupId
  await db.withServiceInTime(group_id, (tx) => placeEvents(tx, group_id))
  // Read before the events: what is left out up to there need not be looked through again.
  const [end] = await db.read(actor, (tx) => findFeedEnd(tx, group_id))
  const found = await db.read(actor, (tx) => listFeed(tx, { group_id, after, types, limit: limit + 1 }))
  const { page: events, isLast } = cutPage(found, limit)
  const last = events.at(-1)?.position ?? after
  if (!isLast) return { events, seenTo: last, isEnd: false }
  const endsAt = end?.position ?? 0
  if (endsAt <= last) return { events, seenTo: last, isEnd: true }
  const [reach] = await db.read(actor, (tx) => findFeedReach(tx, { group_id, after }))
  if (reach && reach.position < endsAt) return { events, seenTo: reach.position, isEnd: false }
  // Where all types are asked for, the end of what the caller may see is all that is told of it.
  return { events, seenTo: types === undefined ? last : endsAt, isEnd: true }
}
