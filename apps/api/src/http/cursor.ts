import { hash } from 'node:crypto'
import { parseVersion } from '@keepr/shared/domain/version'
import { problem } from '@keepr/shared/problem'
import { Rfc3339 } from '@keepr/shared/schemas/rfc3339'
import { is, UUID_REGEX } from 'valibot'

/** What a part of a sort key is: as anybody can make a cursor, the database is asked for nothing else by it. */
const parts = {
  time: (text: string) => is(Rfc3339, text),
  id: (text: string) => UUID_REGEX.test(text),
  position: (text: string) => /^\d+$/u.test(text) && Number.isSafeInteger(Number(text)),
  text: (text: string) => !text.includes('\u0000'),
  version: (text: string) => parseVersion(text) === text,
}
export type SortKey = readonly (keyof typeof parts)[]

/**
 * An opaque place in a list: the sort key of the last item, bound to the group and to the question it belongs to. It
 * grants nothing (each page is asked for in the caller's name), so it is fingerprinted against mistakes, not signed.
 */
export function writeCursor(key: readonly string[], question: string): string {
  return Buffer.from(JSON.stringify([fingerprint(key, question), ...key])).toString('base64url')
}

type Place = { question: string; key: SortKey; place?: string }

/** Reads a cursor back; one that was changed, cut, or made for another list is refused. `place`: its parameter or pointer. */
export function readCursor(cursor: string, { question, key: kinds, place = 'cursor' }: Place): string[] {
  const [seal, ...key] = decode(cursor)
  const fits = key.length === kinds.length && kinds.every((kind, index) => parts[kind](key[index] ?? ''))
  if (!fits || seal !== fingerprint(key, question)) {
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
