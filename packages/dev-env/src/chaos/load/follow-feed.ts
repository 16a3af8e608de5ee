import { setTimeout as pause } from 'node:timers/promises'
import type { History } from '../history.ts'
import type { Caller } from './caller.ts'

type Page = { items: { data: { event_id: string } }[]; last_cursor: string | null }

/** Follows a group's feed by its cursor until it is told to end and has reached the end. */
export async function followFeed(
  { caller, history }: { caller: Caller; history: History },
  { group, token }: { group: string; token: string },
  ending: AbortSignal,
): Promise<void> {
  const told: string[] = []
  history.feed.set(group, told)
  let cursor: string | undefined
  for (;;) {
    const lastLook = ending.aborted
    const path = `/events?limit=200${cursor === undefined ? '' : `&after=${encodeURIComponent(cursor)}`}`
    const answer = await caller.ask({ operation: 'follow feed', method: 'GET', path, token })
    // SAFETY: the schema of this answer.
    const page = answer?.status === 200 ? (JSON.parse(answer.bytes.toString('utf8')) as Page) : undefined
    told.push(...(page?.items.map(({ data }) => data.event_id) ?? []))
    cursor = page?.last_cursor ?? cursor
    if (page && page.items.length > 0) continue
    if (page && lastLook) return
    await pause(300)
  }
}
