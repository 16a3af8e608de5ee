import { createHash } from 'node:crypto'
import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'

/** A body is compared with the digests that it was sent with: after all of its bytes were added. */
export type SentDigests = { add(bytes: Uint8Array): void; compare(): void }

const hashNames: Record<string, string> = { 'sha-256': 'sha256', 'sha-512': 'sha512' }
const wanted = 'sha-256=10, sha-512=9'
const member = /^\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*$/u

/**
 * The digests that a body comes with (RFC 9530), or undefined: then nothing is hashed. As no body has a content coding,
 * Repr-Digest is of the same bytes. An algorithm that is none of ours is passed over only beside one that is.
 */
export function sentDigests(c: Call): SentDigests | undefined {
  const sent = ['Content-Digest', 'Repr-Digest'].flatMap((field) => digestsIn(field, c.req.header(field)))
  if (sent.length === 0) return undefined
  return {
    add: (bytes) => sent.forEach(({ hash }) => hash.update(bytes)),
    compare() {
      if (!sent.every(({ hash, digest }) => hash.digest().equals(digest))) throw problem('digest-mismatch')
    },
  }
}

function digestsIn(field: string, value: string | undefined) {
  if (value === undefined) return []
  const members = value.split(',').map((text) => member.exec(text) ?? [])
  if (members.some(({ length }) => length === 0)) throw refused(`${field} is not well-formed (RFC 9530).`)
  const known = members.flatMap(([, algorithm = '', digest = '']) => {
    const hashName = Object.hasOwn(hashNames, algorithm) ? hashNames[algorithm] : undefined
    return hashName === undefined ? [] : [{ hash: createHash(hashName), digest: Buffer.from(digest, 'base64') }]
  })
  if (known.length === 0) throw refused(`${field} is compared for sha-256 and sha-512 only.`)
  return known
}

const refused = (detail: string) => problem('malformed-request', { detail, headers: { 'want-content-digest': wanted } })
