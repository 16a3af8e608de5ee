import { problem } from '@keepr/shared/problem'
import { SubmitBody } from '@keepr/shared/schemas/artifact'
import type { GivenContent } from '../commands/prepare-content.ts'
import { contentLimit } from '../content-limit.ts'
import type { Call } from './api.ts'
import { checkBody, mediaType, parseJson, readBytes, refuseContentEncoding, tooLarge } from './body.ts'
import { readKey } from './idempotency.ts'
import { jsonLimit } from './json-limit.ts'
import { readMultipart } from './multipart.ts'

const room = 64 * 1024

/** The body of a submission: JSON with its content in it, or multipart with the content as a file. */
export async function readSubmission(c: Call): Promise<{ body: SubmitBody; given: GivenContent }> {
  refuseContentEncoding(c)
  const type = mediaType(c)
  if (type === 'application/json') return await readJson(c)
  if (type === 'multipart/form-data') return await readForm(c)
  throw problem('unsupported-media-type', {
    detail: 'Send application/json or multipart/form-data.',
    headers: { accept: 'application/json, multipart/form-data' },
  })
}

async function readJson(c: Call) {
  if (/charset\s*=\s*"?(?!utf-?8)/iu.test(c.req.header('content-type') ?? '')) {
    throw problem('unsupported-media-type', { detail: 'Send JSON in UTF-8.' })
  }
  const { settings } = c.get('ctx')
  const bytes = await readBytes(c, jsonLimit(c))
  c.set('keyed', readKey(c, bytes))
  // The body itself is one level around content and metadata.
  const value = parseJson(bytes, settings.maxJsonDepth + 1)
  // SAFETY: checkBody gives what the schema makes.
  const body = checkBody(value, SubmitBody) as SubmitBody
  return { body, given: given(body) }
}

async function readForm(c: Call) {
  const { settings, types } = c.get('ctx')
  const limits = [...types().values()].map((config) => contentLimit(config, settings))
  const { artifact, file } = await readMultipart(c, {
    fileLimit: Math.max(...limits, 0),
    fieldLimit: settings.maxMetadataBytes * 2 + room,
  })
  c.set('keyed', readKey(c, Buffer.concat([artifact, Buffer.from(`\n${file.contentType ?? ''}\n${file.hash}`)])))
  // SAFETY: checkBody gives what the schema makes.
  const body = checkBody(parseJson(artifact, settings.maxJsonDepth + 1), SubmitBody) as SubmitBody
  const config = types().get(body.type)
  // Before it is parsed: a file that is too large for its type is not worth reading as JSON.
  if (config && file.bytes.byteLength > contentLimit(config, settings)) throw tooLarge(contentLimit(config, settings))
  const json = config?.content === 'json' ? { json: parseJson(file.bytes, settings.maxJsonDepth) } : {}
  return { body, given: { ...given(body), file: { ...file, ...json } } }
}

const given = (body: SubmitBody): GivenContent => ({
  ...(Object.hasOwn(body, 'content') ? { content: body.content } : {}),
  content_base64: body.content_base64,
})
