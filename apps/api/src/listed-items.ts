import { type ListedArtifact, type ListedRow, readItem } from '@keepr/db/artifacts/list-artifacts'
import type { Actor } from '@keepr/shared/domain/actor'
import { LRUCache } from 'lru-cache'
import { viewerOf, viewFor } from './views/artifact.ts'

/** An item of a page: what decides who may see it and where the next page begins, and the JSON that tells it. */
export type ListedItem = { artifact: Placed; json: string }
type Placed = Pick<
  ListedArtifact,
  'id' | 'name' | 'type' | 'version' | 'created_at' | 'group_id' | 'created_by' | 'status' | 'usage_policy'
>

/** A row of a page as the item that an actor is told of. */
export type ListedItems = (row: ListedRow, actor: Actor) => ListedItem

/**
 * Remembers items in about `maxBytes`: a page mostly shows what the last one did, and reading its rows, viewing and printing them
 * is most of what it costs the API. An item is made of nothing but its row and the kind of viewer, and is found by both, so it
 * cannot be stale, nor be another's. Which rows somebody gets is asked of the database each time.
 */
export function createListedItems(maxBytes: number): ListedItems {
  const known = new LRUCache<string, ListedItem>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes / 8),
    sizeCalculation: ({ json }, key) => 2 * (key.length + json.length) + BYTES_BESIDE,
  })
  return (row, actor) => {
    const viewer = viewerOf(actor, row)
    const key = `${viewer} ${row.item}`
    const remembered = known.get(key)
    if (remembered) return remembered
    const artifact = readItem(row)
    const item = { artifact: placed(artifact), json: JSON.stringify(viewFor(viewer, artifact)) }
    known.set(key, item)
    return item
  }
}

/** About what the parsed values and the place in the cache take. */
const BYTES_BESIDE = 1024

/** What is kept of it: the rest is in the JSON. */
function placed({ id, name, type, version, created_at, group_id, created_by, status, usage_policy }: Placed): Placed {
  return { id, name, type, version, created_at, group_id, created_by, status, usage_policy }
}
