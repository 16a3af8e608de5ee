import { problem } from '@keepr/shared/problem'

/** Bytes that each group is sending to this process at the moment. */
export type Uploads = { open(groupId: string): Upload }
export type Upload = Disposable & { add(bytes: number): void }

/** Lets no group have more than `maxBytes` on their way at once; what one request brought is given back at its end. */
export function createUploads(maxBytes: number): Uploads {
  const inFlight = new Map<string, number>()
  return {
    open(groupId) {
      let own = 0
      return {
        add(bytes) {
          const total = (inFlight.get(groupId) ?? 0) + bytes
          if (total > maxBytes) throw problem('too-many-uploads', { retry_after_s: 1 })
          own += bytes
          inFlight.set(groupId, total)
        },
        [Symbol.dispose]() {
          const left = (inFlight.get(groupId) ?? 0) - own
          if (left > 0) inFlight.set(groupId, left)
          else inFlight.delete(groupId)
        },
      }
    },
  }
}
