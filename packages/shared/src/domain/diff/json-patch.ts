import { isObject } from '../is-object.ts'
import { jsonPointer } from '../json-pointer.ts'

export type PatchOperation = { op: 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string }

/** A patch so far, and the size of what it says beside values: paths may repeat a long key many times. */
type Draft = { operations: PatchOperation[]; size: number }
/** Where the two are that are compared, and up to which size the draft may grow before they are replaced as a whole. */
type Place = { path: string; draft: Draft; limit: number }
type JsonObject = Readonly<Record<string, unknown>>

const mostOfOneValue = 256 * 1024
const sizeOfOperation = 32

/**
 * An RFC 6902 patch that makes `to` out of `from`. Linear in the size of both, whatever they are: lists are compared
 * place by place before their common end, since the shortest patch would take time by the square, and the smallest value
 * around very many differences is replaced as a whole, which says less than they would.
 */
export function jsonPatch(from: unknown, to: unknown): PatchOperation[] {
  const draft: Draft = { operations: [], size: 0 }
  compare(from, to, '', draft)
  return draft.operations
}

function compare(from: unknown, to: unknown, path: string, draft: Draft): void {
  if (from === to) return
  const { size } = draft
  const { length } = draft.operations
  const place = { path, draft, limit: size + mostOfOneValue }
  if (Array.isArray(from) && Array.isArray(to)) compareLists(from, to, place)
  else if (isObject(from) && isObject(to)) compareObjects(from, to, place)
  else return say(draft, { op: 'replace', path, value: to })
  if (draft.size <= place.limit) return
  draft.operations.length = length
  draft.size = size
  say(draft, { op: 'replace', path, value: to })
}

function say(draft: Draft, operation: PatchOperation): void {
  draft.operations.push(operation)
  draft.size += operation.path.length + sizeOfOperation
}

function compareObjects(from: JsonObject, to: JsonObject, { path, draft, limit }: Place): void {
  for (const key of Object.keys(from)) {
    if (draft.size > limit) return
    if (!Object.hasOwn(to, key)) say(draft, { op: 'remove', path: below(path, key) })
  }
  for (const key of Object.keys(to)) {
    if (draft.size > limit) return
    if (!Object.hasOwn(from, key)) say(draft, { op: 'add', path: below(path, key), value: to[key] })
    else if (from[key] !== to[key]) compare(from[key], to[key], below(path, key), draft)
  }
}

function compareLists(from: readonly unknown[], to: readonly unknown[], { path, draft, limit }: Place): void {
  const end = commonEnd(from, to)
  const [fromEnd, toEnd] = [from.length - end, to.length - end]
  const shorter = Math.min(fromEnd, toEnd)
  for (let place = 0; place < shorter && draft.size <= limit; place++) {
    if (from[place] !== to[place]) compare(from[place], to[place], below(path, String(place)), draft)
  }
  // From the back, so that no removal moves the next one's place.
  for (let gone = fromEnd - 1; gone >= shorter && draft.size <= limit; gone--) {
    say(draft, { op: 'remove', path: below(path, String(gone)) })
  }
  for (let added = shorter; added < toEnd && draft.size <= limit; added++) {
    say(draft, { op: 'add', path: below(path, String(added)), value: to[added] })
  }
}

/** How many values at the end of both are equal. Lists of one length are compared place by place from the beginning anyway. */
function commonEnd(from: readonly unknown[], to: readonly unknown[]): number {
  if (from.length === to.length) return 0
  const shorter = Math.min(from.length, to.length)
  let end = 0
  while (end < shorter && equal(from[from.length - 1 - end], to[to.length - 1 - end])) end++
  return end
}

/** Lists of different lengths are told apart without a look into them, so that lists within lists are looked through once. */
function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, n) => equal(value, b[n]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

const below = (path: string, key: string): string => path + jsonPointer([key])
