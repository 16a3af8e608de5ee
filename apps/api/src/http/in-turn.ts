import { LARGEST_PAGE_BYTES } from '@keepr/db/longest-page'
import type { Call } from './api.ts'

/** Reads a page of a stream, or of a long answer, when it is its turn. */
export async function inTurn<Page>(c: Call, read: () => Promise<Page>): Promise<Page> {
  const leave = await c.get('ctx').streamRoom.enter(c.get('actor').groupId, LARGEST_PAGE_BYTES)
  return await read().finally(leave)
}
