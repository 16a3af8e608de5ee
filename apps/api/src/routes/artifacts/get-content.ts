import { findContent } from '@keepr/db/artifacts/find-content'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { decide } from '@keepr/shared/domain/access'
import { contentHash } from '@keepr/shared/domain/content-hash'
import { problem } from '@keepr/shared/problem'
import type { Call } from '../../http/api.ts'
import { byteRange } from '../../http/byte-range.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { isUnchanged } from '../../http/preconditions.ts'
import { respond } from '../../http/respond.ts'
import { readNamed } from '../../http/read-named.ts'
import { param, route } from '../../http/route.ts'
import { subjectOf } from '../../views/artifact.ts'
import { NameQuery } from './name-query.ts'

/** The bytes that were hashed. Content that has not passed validation is returned to nobody. */
export const getContent = route(
  {
    operationId: 'getContent',
    method: 'get',
    path: '/artifacts/:name/:version/content',
    summary: 'The bytes of a version',
    tag: 'artifacts',
    query: NameQuery,
    heeds: ['If-None-Match', 'Range', 'If-Range'],
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
      'ambiguous-type',
      'ambiguous-name',
      'artifact-not-usable',
      'purged',
      'range-not-satisfiable',
      'content-damaged',
    ],
  },
  async (c, { query }) => {
    const { settings, accessLog } = c.get('ctx')
    const actor = c.get('actor')
    const asked = {
      group_id: actor.groupId,
      name: param(c, 'name'),
      version: param(c, 'version'),
      type: query.type,
      foreign: settings.foreignPublic === 'by_name',
      withContent: false,
    }
    const artifact = pickArtifact(await readNamed(c, asked), actor)
    if (artifact.purged_at !== null) throw problem('purged')
    const { outcome } = decide('read_content', actor, subjectOf(artifact))
    if (outcome !== 'allowed')
      throw problem('artifact-not-usable', { id: artifact.id, status_of_artifact: artifact.status })
    const answer = await answerContent(c, artifact)
    if (c.req.method !== 'HEAD') accessLog.touch(artifact)
    return answer
  },
)

async function answerContent(c: Call, artifact: PresentedArtifact): Promise<Response> {
  const etag = `"${artifact.content_hash}"`
  const headers: Record<string, string> = {
    ...revalidated,
    etag,
    'accept-ranges': 'bytes',
    'repr-digest': digest(artifact.content_hash),
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
  }
  if (isUnchanged(c, etag)) return respond(c, null, 304, headers)
  headers['content-type'] = artifact.content_type
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
  return respond(
    c,
    new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength),
    range ? 206 : 200,
    headers,
  ) // SAFETY: a Buffer's memory is never shared between threads here.
}

const loadContent = (c: Call, { id, group_id, content_hash }: PresentedArtifact): Promise<Buffer> =>
  c.get('ctx').contentCache.get(content_hash, async () => {
    const [row] = await c.get('ctx').readDb.read(c.get('actor'), (tx) => findContent(tx, { id, group_id }))
    if (!row) throw problem('not-found') // withdrawn between the two reads
    if (row.content === null) throw problem('purged')
    return row.content
  })

/** RFC 9530. */
const digest = (hash: string): string => `sha-256=:${Buffer.from(hash, 'hex').toString('base64')}:`
