import { LARGEST_PAGE_BYTES } from '@keepr/db/longest-page'
import { createContentCache } from './content-cache.ts'
import type { Context, Settings } from './context.ts'
import { createListedItems } from './listed-items.ts'
import { createRoom } from './room.ts'

const MIB = 1024 * 1024

type Memory = Pick<
  Context,
  'bodyRoom' | 'uploadRoom' | 'loadRoom' | 'streamRoom' | 'stalledMs' | 'contentCache' | 'listedItems'
>

/** What bounds the memory of a process, however much is asked of it at once. */
export const createMemory = ({ maxUploadMemory }: Pick<Settings, 'maxUploadMemory'>): Memory => ({
  bodyRoom: createRoom(maxUploadMemory / 4),
  uploadRoom: createRoom((maxUploadMemory * 3) / 4),
  loadRoom: createRoom(64 * MIB), // twice that is held for a moment
  streamRoom: createRoom(4 * LARGEST_PAGE_BYTES),
  stalledMs: 60_000,
  contentCache: createContentCache(48 * MIB),
  listedItems: createListedItems(4 * MIB),
})
