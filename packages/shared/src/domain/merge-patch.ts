import { isObject } from './is-object.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * JSON merge patch (RFC 7396): null removes a member, an object is merged, anything else replaces. `__proto__` is a key
 * like any other.
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key), value))
  }
  // fromEntries defines properties, so that no key can reach the prototype.
  return Object.fromEntries(merged)
}
