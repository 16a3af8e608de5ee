import { LARGEST_PAGE_BYTES } from '@keepr/db/longest-page'
import type { Call } from './api.ts'

/** Reads a page of a stream or of a long answer, or what is as large as some pages, when it is its turn. */
export async function inTurn<Read>(c: Call, read: () => Promise<Read>, pages = 1): Promise<Read> {
  const leave = await c.get('ctx').streamRoom.enter(c.get('actor').groupId, pages * LARGEST_PAGE_BYTES)
  return await read().finally(leave)
}
