import type { Call } from './api.ts'

/** What is smaller is read at once. */
const SMALL_BYTES = 64 * 1024
/** Up to here many have room at once: they do not wait for large files, which may be long on their way. */
const MEDIUM_BYTES = 1024 * 1024

/**
 * Waits for room for a body once it has turned out to be large: what is only declared takes none. Meanwhile nothing more is read of it.
 * The room is given back once the body is stored, or the request is over.
 */
export async function requireRoom(
  c: Call,
  { arrived, expected }: { arrived: number; expected: number },
): Promise<void> {
  if (arrived <= SMALL_BYTES || c.get('leaveRoom')) return
  const { bodyRoom, uploadRoom } = c.get('ctx')
  const room = expected > MEDIUM_BYTES ? uploadRoom : bodyRoom
  c.set('leaveRoom', await room.enter(c.get('actor').groupId, expected))
}

/** Gives the room back, if the call holds any. */
export function leaveRoom(c: Call): void {
  c.get('leaveRoom')?.()
  c.set('leaveRoom', undefined)
}
