import type { Call } from './api.ts'

/** What is smaller is read at once. */
const LARGE_BYTES = 64 * 1024

/**
 * Waits for room for a body once it has turned out to be large: what is only declared takes none. Meanwhile nothing more is read of it.
 * The room is given back once the body is stored, or the request is over.
 */
export async function requireRoom(
  c: Call,
  { arrived, expected }: { arrived: number; expected: number },
): Promise<void> {
  if (arrived <= LARGE_BYTES || c.get('leaveRoom')) return
  c.set('leaveRoom', await c.get('ctx').uploadRoom.enter(c.get('actor').groupId, expected))
}

/** Gives the room back, if the call holds any. */
export function leaveRoom(c: Call): void {
  c.get('leaveRoom')?.()
  c.set('leaveRoom', undefined)
}
