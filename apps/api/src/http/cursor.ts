import { hash } from 'node:crypto'
import { problem } from '@keepr/shared/problem'

/**
 * An opaque place in a list: the sort key of the last item, bound to the group and to the question it belongs to. It
 * grants nothing (each page is asked for in the caller's name), so it is fingerprinted against mistakes, not signed.
 */
export function writeCursor(key: readonly string[], question: string): string {
  return Buffer.from(JSON.stringify([fingerprint(key, question), ...key])).toString('base64url')
}

/** Reads a cursor back; one that was changed, cut, or made for another list is refused. `place`: its parameter or pointer. */
export function readCursor(cursor: string, question: string, length: number, place = 'cursor'): string[] {
  const parts = decode(cursor)
  const [seal, ...key] = parts
  if (key.length !== length || seal !== fingerprint(key, question)) {
    const at = place.startsWith('/') ? { pointer: place } : { pointer: '', parameter: place }
    throw problem('validation-error', { errors: [{ ...at, detail: 'is not a cursor of this list' }] })
  }
  return key
}

function decode(cursor: string): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : []
  } catch {
    return [] // no cursor of ours: refused by the caller of this function
  }
}

const fingerprint = (key: readonly string[], question: string): string =>
  hash('sha256', JSON.stringify([question, ...key]), 'base64url').slice(0, 22)
