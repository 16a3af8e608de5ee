import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** SHA-256 of the bytes, 64 lower-case hex digits. */
export const contentHash = (bytes: Uint8Array): string => hash('sha256', bytes)

/** The RFC 8785 form of a JSON value in UTF-8: what is stored, hashed and sent. */
export function canonicalBytes(value: unknown): Buffer {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('the value is not JSON')
  return Buffer.from(text, 'utf8')
}
