import { contentHash } from '@keepr/shared/domain/content-hash'
import { problem } from '@keepr/shared/problem'
import { LRUCache } from 'lru-cache'

/** Content by its hash: it never changes. Whether somebody may read it is asked of the database each time. */
export type ContentCache = { get(hash: string, load: () => Promise<Buffer>): Promise<Buffer> }

/** Keeps at most `maxBytes`; what is loaded is compared with its hash before it is kept or sent. */
export function createContentCache(maxBytes: number): ContentCache {
  const cache = new LRUCache<string, Buffer>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes / 8),
    sizeCalculation: (bytes) => bytes.byteLength + 1,
  })
  return {
    async get(hash, load) {
      const known = cache.get(hash)
      if (known) return known
      const bytes = await load()
      if (contentHash(bytes) !== hash) throw problem('content-damaged')
      cache.set(hash, bytes)
      return bytes
    },
  }
}
