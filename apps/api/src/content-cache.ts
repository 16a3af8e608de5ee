import { contentHash } from '@keepr/shared/domain/content-hash'
import { problem } from '@keepr/shared/problem'
import { LRUCache } from 'lru-cache'

/** Content by its hash: it never changes. Whether somebody may read it is asked of the database each time. */
export type ContentCache = {
  get(hash: string, load: () => Promise<Buffer>): Promise<Buffer>
  /** The content of that hash, which these bytes, read along with something else, are said to be. */
  checked(hash: string, bytes: Buffer): Buffer
}

/** What is kept takes about so much besides: of contents of a few bytes there would be millions. */
const ENTRY_BYTES = 512

/**
 * Keeps at most `maxBytes`; what is loaded is compared with its hash before it is kept or sent. What many ask for at once is
 * loaded once: each load holds the content several times over on its way.
 */
export function createContentCache(maxBytes: number): ContentCache {
  const cache = new LRUCache<string, Buffer>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes / 8),
    sizeCalculation: (bytes) => bytes.byteLength + ENTRY_BYTES,
  })
  const loads = new Map<string, Promise<Buffer>>()
  function kept(hash: string, bytes: Buffer): Buffer {
    if (contentHash(bytes) !== hash) throw problem('content-damaged')
    cache.set(hash, inMemoryOfItsOwn(bytes))
    return bytes
  }
  return {
    checked: (hash, bytes) => cache.get(hash) ?? kept(hash, bytes),
    async get(hash, load) {
      const known = cache.get(hash)
      if (known) return known
      // What fails for another caller may be there for this one, whose artifact of the same content is another.
      const shared = loads.has(hash) ? await loads.get(hash)?.catch(() => undefined) : undefined
      if (shared) return shared
      const own = load().then((bytes) => kept(hash, bytes))
      loads.set(hash, own)
      try {
        return await own
      } finally {
        if (loads.get(hash) === own) loads.delete(hash)
      }
    },
  }
}

/** A small Buffer is cut from memory that it shares with others, all of which would stay for as long as it is kept. */
function inMemoryOfItsOwn(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.byteLength) return bytes
  const own = Buffer.allocUnsafeSlow(bytes.byteLength)
  bytes.copy(own)
  return own
}
