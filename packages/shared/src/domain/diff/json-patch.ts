export type PatchOperation = { op: 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string }

/**
 * An RFC 6902 patch that makes `to` out of `from`. Linear in the size of both, whatever they are: lists are compared
 * place by place between their common beginning and end, since the shortest patch would take time by the square.
 */
export function jsonPatch(from: unknown, to: unknown, path = ''): PatchOperation[] {
  if (Array.isArray(from) && Array.isArray(to)) return listPatch(from, to, path)
  if (isObject(from) && isObject(to)) return objectPatch(from, to, path)
  return from === to ? [] : [{ op: 'replace', path, value: to }]
}

function objectPatch(from: Record<string, unknown>, to: Record<string, unknown>, path: string): PatchOperation[] {
  const removed = Object.keys(from).filter((key) => !Object.hasOwn(to, key))
  const patch = removed.map((key): PatchOperation => ({ op: 'remove', path: below(path, key) }))
  for (const [key, value] of Object.entries(to)) {
    if (!Object.hasOwn(from, key)) patch.push({ op: 'add', path: below(path, key), value })
    else for (const operation of jsonPatch(from[key], value, below(path, key))) patch.push(operation)
  }
  return patch
}

function listPatch(from: readonly unknown[], to: readonly unknown[], path: string): PatchOperation[] {
  const shorter = Math.min(from.length, to.length)
  let start = 0
  while (start < shorter && same(from[start], to[start])) start++
  let end = 0
  while (end < shorter - start && same(from[from.length - 1 - end], to[to.length - 1 - end])) end++
  const [fromEnd, toEnd] = [from.length - end, to.length - end]
  const patch: PatchOperation[] = []
  let place = start
  for (; place < Math.min(fromEnd, toEnd); place++) {
    for (const operation of jsonPatch(from[place], to[place], below(path, String(place)))) patch.push(operation)
  }
  // From the back, so that no removal moves the next one's place.
  for (let gone = fromEnd - 1; gone >= place; gone--) patch.push({ op: 'remove', path: below(path, String(gone)) })
  for (let added = place; added < toEnd; added++) {
    patch.push({ op: 'add', path: below(path, String(added)), value: to[added] })
  }
  return patch
}

/** Both come from one canonical writer, so equal values have equal texts. */
const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const below = (path: string, key: string): string => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
