import { createHash } from 'node:crypto'
import { once } from 'node:events'
import Dicer from '@fastify/busboy/deps/dicer/lib/Dicer.js'
import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { collectBytes, type CollectedBytes } from './collect-bytes.ts'
import { fieldParameters } from './field-parameters.ts'
import { requireRoom } from './require-room.ts'
import { sentDigests } from './sent-digests.ts'

export type UploadedFile = { bytes: Uint8Array; contentType: string | undefined; hash: string }
export type Upload = { artifact: Uint8Array; file: UploadedFile }
type Part = {
  name: string
  contentType: string | undefined
  content: CollectedBytes
  size: number
  hash: ReturnType<typeof createHash>
}

const maxParts = 2
const maxFields = 20
const maxFieldCharacters = 16 * 1024
const longestBoundary = 70 // RFC 2046, 5.1.1
const limitOf = (name: string, fileLimit: number, fieldLimit: number) => (name === 'content' ? fileLimit : fieldLimit)

/**
 * Reads a `multipart/form-data` body of an `artifact` part and a `content` file, hashing as it arrives and stopping as
 * soon as it is too large. busboy's own front hides whether a part has a Content-Type, so its parser is used directly.
 */
export async function readMultipart(
  c: Call,
  { fileLimit, fieldLimit }: { fileLimit: number; fieldLimit: number },
): Promise<Upload> {
  const boundary = fieldParameters(c.req.header('content-type') ?? '').get('boundary')
  if (!boundary) throw malformed('The boundary is missing.')
  if (boundary.length > longestBoundary) throw malformed(`The boundary is longer than ${longestBoundary} characters.`)
  const digests = sentDigests(c)
  const declared = Number(c.req.header('content-length') ?? 0)
  await using upload = await c.get('ctx').uploads.open(c.get('actor'), declared)
  const parts: Part[] = []
  let begun = 0
  let failure: Error | undefined
  const parser = new Dicer({ boundary, maxHeaderPairs: maxFields + 1 }) // it drops what is more
  parser.on('part', (stream) => {
    begun += 1
    const content = collectBytes(Math.min(declared, fileLimit))
    const part: Part = { name: '', contentType: undefined, content, size: 0, hash: createHash('sha256') }
    stream.on('header', (header) => {
      part.name = fieldParameters(header['content-disposition']?.[0] ?? '').get('name') ?? ''
      part.contentType = header['content-type']?.[0]?.trim()
      failure ??= flawOf(header)
      if (parts.some(({ name }) => name === part.name))
        failure ??= malformed(`The part ${JSON.stringify(part.name)} is given several times.`)
      else if (part.name !== 'artifact' && part.name !== 'content')
        failure ??= malformed(
          `There is a part ${JSON.stringify(part.name)}; only artifact, in JSON, and content are taken.`,
        )
      parts.push(part)
    })
    stream.on('data', (chunk: Buffer) => {
      const limit = limitOf(part.name, fileLimit, fieldLimit)
      part.size += chunk.byteLength
      if (part.size > limit)
        failure ??= problem('payload-too-large', {
          detail: `The part ${part.name} may have at most ${limit} bytes.`,
          limit_bytes: limit,
          headers: { connection: 'close' },
        })
      if (failure || parts.length > maxParts) return
      part.hash.update(chunk)
      part.content.add(chunk)
    })
    stream.on('error', () => (failure ??= malformed('A part does not end.')))
  })
  parser.on('error', () => (failure ??= malformed('The parts cannot be read.')))
  const finished = new Promise<void>((resolve) => parser.once('finish', resolve).once('error', () => resolve()))
  let arrived = 0
  for await (const chunk of c.req.raw.body ?? []) {
    if (failure) throw failure
    arrived += chunk.byteLength
    await upload.add(chunk.byteLength)
    await requireRoom(c, { arrived, expected: Math.min(declared || fileLimit, fileLimit) })
    digests?.add(chunk)
    if (!parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) await once(parser, 'drain')
  }
  parser.end()
  await finished
  digests?.compare() // what was damaged on its way is not blamed for its form
  if (failure) throw failure
  // The parser drops what it takes for one: content in which the boundary stands would lose all from there on.
  if (begun > parts.length) throw malformed('A part has no header fields, or the boundary stands within it.')
  const artifact = parts.find(({ name }) => name === 'artifact')
  const file = parts.find(({ name }) => name === 'content')
  if (!artifact || !file) throw malformed('The parts artifact and content are needed.')
  return {
    artifact: artifact.content.bytes(),
    file: { bytes: file.content.bytes(), contentType: file.contentType, hash: file.hash.digest('hex') },
  }
}

/** What would be lost or misread: fields beyond what is kept, two of one name, content that is not sent as it is. */
function flawOf(header: Record<string, string[] | undefined>): Error | undefined {
  const fields = Object.entries(header)
  const values = fields.flatMap(([, given = []]) => given)
  const size = fields.reduce((sum, [name]) => sum + name.length, 0) + values.join('').length
  if (values.length > maxFields || size > maxFieldCharacters)
    return malformed('The header fields of a part are too large.')
  if (values.length > fields.length) return malformed('A header field of a part is given several times.')
  const codings = [...(header['content-transfer-encoding'] ?? []), ...(header['content-encoding'] ?? [])]
  if (codings.some((coding) => !/^(?:7bit|8bit|binary|identity)$/iu.test(coding.trim())))
    return problem('unsupported-media-type', { detail: 'Send the parts as they are, without any encoding.' })
  return undefined
}

const malformed = (detail: string) => problem('malformed-multipart', { detail })
