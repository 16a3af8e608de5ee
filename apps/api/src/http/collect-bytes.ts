/** What a client only says is coming takes no memory before so much of it is there. */
const believedFrom = 1024 * 1024

export type CollectedBytes = { add(piece: Uint8Array): void; bytes(): Buffer }

/**
 * Puts together what arrives in pieces, of which `expected` bytes are said to come (0: nobody knows). Pieces that are kept
 * and joined at the end would take their size twice.
 */
export function collectBytes(expected: number): CollectedBytes {
  let buffer = Buffer.alloc(0)
  let size = 0
  const makeRoom = (needed: number) => {
    const known = needed >= believedFrom && expected >= needed
    const larger = Buffer.allocUnsafe(known ? expected : Math.max(needed, 2 * buffer.byteLength))
    larger.set(buffer.subarray(0, size))
    buffer = larger
  }
  return {
    add(piece) {
      const needed = size + piece.byteLength
      if (needed > buffer.byteLength) makeRoom(needed)
      buffer.set(piece, size)
      size = needed
    },
    bytes: () => buffer.subarray(0, size),
  }
}
