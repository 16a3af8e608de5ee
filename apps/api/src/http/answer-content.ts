import { findContent } from '@keepr/db/artifacts/find-content'
import type { ContentRow } from '@keepr/db/artifacts/find-own-content'
import { decide } from '@keepr/shared/domain/access'
import { contentHash } from '@keepr/shared/domain/content-hash'
import { problem } from '@keepr/shared/problem'
import { subjectOf } from '../commands/subject-of.ts'
import type { Call } from './api.ts'
import { byteRange } from './byte-range.ts'
import { revalidated } from './cache-headers.ts'
import { isUnchanged, requireMatch } from './preconditions.ts'
import { requireAcceptable } from './require-acceptable.ts'
import { respond } from './respond.ts'
import type { RouteSpec } from './route.ts'

/** What every route says that answers with content. */
export const contentContract = {
  heeds: ['If-Match', 'If-None-Match', 'Range', 'If-Range'],
  produces: ['*/*'],
  answers: {
    200: {
      description: 'The content',
      contentType: '*/*',
      headers: ['ETag', 'Content-Digest', 'Repr-Digest', 'Accept-Ranges'],
    },
    206: {
      description: 'A part of the content',
      contentType: '*/*',
      headers: ['ETag', 'Content-Digest', 'Repr-Digest', 'Content-Range'],
    },
    304: { description: 'The caller has this content', headers: ['ETag', 'Repr-Digest'] },
  },
  problems: [
    'not-found',
    'artifact-not-usable',
    'purged',
    'precondition-failed',
    'range-not-satisfiable',
    'content-damaged',
    'overloaded',
  ],
} as const satisfies Partial<RouteSpec>

/** The bytes that were hashed, or what the caller still lacks of them; of what has not passed validation nothing. */
export async function answerContent(c: Call, artifact: ContentRow): Promise<Response> {
  if (artifact.purged_at !== null) throw problem('purged')
  const { outcome } = decide('read_content', c.get('actor'), subjectOf(artifact))
  if (outcome !== 'allowed')
    throw problem('artifact-not-usable', { id: artifact.id, status_of_artifact: artifact.status })
  const answer = await represent(c, artifact)
  if (c.req.method !== 'HEAD') c.get('ctx').accessLog.touch(artifact)
  return answer
}

async function represent(c: Call, artifact: ContentRow): Promise<Response> {
  requireAcceptable(c, [mediaTypeOf(artifact)])
  const etag = `"${artifact.content_hash}"`
  requireMatch(c, etag)
  const known = { ...revalidated, etag, 'repr-digest': digest(artifact.content_hash) }
  if (isUnchanged(c, etag)) return respond(c, null, 304, known)
  const headers: Record<string, string> = {
    ...known,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
    'content-type': artifact.content_type,
  }
  if (c.req.method === 'HEAD') {
    headers['content-digest'] = digest(artifact.content_hash)
    return respond(c, null, 200, { ...headers, 'content-length': String(artifact.content_size) })
  }
  const ifRange = c.req.header('if-range')
  const wanted = ifRange === undefined || ifRange === etag ? c.req.header('range') : undefined
  const range = byteRange(wanted, artifact.content_size)
  if (range === 'unsatisfiable') {
    throw problem('range-not-satisfiable', { headers: { 'content-range': `bytes */${artifact.content_size}`, etag } })
  }
  const bytes = await loadContent(c, artifact)
  const part = range ? bytes.subarray(range.start, range.end + 1) : bytes
  headers['content-digest'] = digest(range ? contentHash(part) : artifact.content_hash)
  headers['content-length'] = String(part.byteLength)
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${artifact.content_size}`
  // SAFETY: a Buffer's memory is never shared between threads here.
  const body = new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength)
  return respond(c, body, range ? 206 : 200, headers)
}

/** Of what is smaller not much is loaded at once: there are few connections. */
const LARGE_BYTES = 1024 * 1024

const loadContent = (c: Call, artifact: ContentRow): Promise<Buffer> =>
  c.get('ctx').contentCache.get(artifact.content_hash, async () => {
    if (artifact.content_size <= LARGE_BYTES) return await loadSlices(c, artifact)
    // While it is loaded it takes more than its size; sent it is soon.
    const leave = await c.get('ctx').loadRoom.enter(c.get('actor').groupId, artifact.content_size)
    return await loadSlices(c, artifact).finally(leave)
  })

async function loadSlices(c: Call, artifact: ContentRow): Promise<Buffer> {
  const size = artifact.content_size
  const first = await loadSlice(c, artifact, 0)
  if (first.byteLength === size) return first
  const whole = Buffer.allocUnsafe(size)
  for (let start = first.copy(whole); start < size;) {
    const copied = (await loadSlice(c, artifact, start)).copy(whole, start)
    if (copied === 0) throw problem('content-damaged')
    start += copied
  }
  return whole
}

/**
 * The driver holds what a row brings several times over, as text too: so large content comes in slices. They are few, as PostgreSQL
 * unpacks what it has compressed from its beginning for each.
 */
const sliceBytes = (size: number): number => Math.max(2 * 1024 * 1024, Math.ceil(size / 4))

async function loadSlice(c: Call, artifact: ContentRow, start: number): Promise<Buffer> {
  const { id, group_id, content_hash, content_size } = artifact
  const asked = { id, group_id, content_hash, start, length: sliceBytes(content_size) }
  const [row] = await c.get('ctx').readDb.read(c.get('actor'), (tx) => findContent(tx, asked))
  if (!row) throw problem('not-found') // withdrawn or edited between the reads
  if (row.content === null) throw problem('purged')
  return row.content
}

const mediaTypeOf = ({ content_type }: ContentRow): string => content_type.split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** RFC 9530. */
const digest = (hash: string): string => `sha-256=:${Buffer.from(hash, 'hex').toString('base64')}:`
