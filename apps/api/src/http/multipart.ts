import { createHash } from 'node:crypto'
import { once } from 'node:events'
import Dicer from '@fastify/busboy/deps/dicer/lib/Dicer.js'
import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { collectBytes, type CollectedBytes } from './collect-bytes.ts'

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
const limitOf = (name: string, fileLimit: number, fieldLimit: number) => (name === 'content' ? fileLimit : fieldLimit)

/**
 * Reads a `multipart/form-data` body of an `artifact` part and a `content` file, hashing as it arrives and stopping as
 * soon as it is too large. busboy's own front hides whether a part has a Content-Type, so its parser is used directly.
 */
export async function readMultipart(
  c: Call,
  { fileLimit, fieldLimit }: { fileLimit: number; fieldLimit: number },
): Promise<Upload> {
  const [, quoted, plain] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^;,\s]{1,70}))/iu.exec(c.req.header('content-type') ?? '') ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) throw malformed('The boundary is missing.')
  const declared = Number(c.req.header('content-length') ?? 0)
  await using upload = await c.get('ctx').uploads.open(c.get('actor'), declared)
  const parts: Part[] = []
  let failure: Error | undefined
  const parser = new Dicer({ boundary, maxHeaderPairs: 20 })
  parser.on('part', (stream) => {
    const content = collectBytes(Math.min(declared, fileLimit))
    const part: Part = { name: '', contentType: undefined, content, size: 0, hash: createHash('sha256') }
    stream.on('header', (header) => {
      part.name = /;\s*name="?([^";]*)"?/iu.exec(header['content-disposition']?.[0] ?? '')?.[1] ?? ''
      part.contentType = header['content-type']?.[0]?.trim()
      if (parts.some(({ name }) => name === part.name))
        failure ??= malformed(`The part ${JSON.stringify(part.name)} is given several times.`)
      else if (part.name !== 'artifact' && part.name !== 'content')
        failure ??= malformed('There are parts other than artifact and content.')
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
  for await (const chunk of c.req.raw.body ?? []) {
    if (failure) throw failure
    await upload.add(chunk.byteLength)
    if (!parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) await once(parser, 'drain')
  }
  parser.end()
  await finished
  if (failure) throw failure
  const artifact = parts.find(({ name }) => name === 'artifact')
  const file = parts.find(({ name }) => name === 'content')
  if (!artifact || !file) throw malformed('The parts artifact and content are needed.')
  return {
    artifact: artifact.content.bytes(),
    file: { bytes: file.content.bytes(), contentType: file.contentType, hash: file.hash.digest('hex') },
  }
}

const malformed = (detail: string) => problem('malformed-multipart', { detail })
