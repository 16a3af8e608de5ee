import { problem } from '@keepr/shared/problem'
import type { GenericSchema, InferOutput } from 'valibot'
import type { GivenContent } from '../commands/prepare-content.ts'
import { contentLimit } from '../content-limit.ts'
import type { Call } from './api.ts'
import { isUtf8, mediaType, parseBody, readBytes, refuseContentEncoding } from './body.ts'
import { readKey } from './idempotency.ts'
import { jsonLimit, notesLimit } from './json-limit.ts'
import { maxJsonValues } from './max-json-values.ts'
import { readMultipart } from './multipart.ts'

type Contents = { content?: unknown; content_base64?: string | undefined }
type Read<B> = { body: B; given: GivenContent }

/** A body with content: JSON with the content in it, or multipart with the content as a file. */
export async function readSubmission<S extends GenericSchema<unknown, Contents>>(
  c: Call,
  schema: S,
): Promise<Read<InferOutput<S>>> {
  refuseContentEncoding(c)
  const type = mediaType(c)
  if (type === 'application/json') return await readJson(c, schema)
  if (type === 'multipart/form-data') return await readForm(c, schema)
  throw problem('unsupported-media-type', {
    detail: 'Send application/json or multipart/form-data.',
    headers: { accept: 'application/json, multipart/form-data' },
  })
}

async function readJson<S extends GenericSchema<unknown, Contents>>(c: Call, schema: S): Promise<Read<InferOutput<S>>> {
  if (!isUtf8(c.req.header('content-type'))) throw problem('unsupported-media-type', { detail: 'Send JSON in UTF-8.' })
  const bytes = await readBytes(c, jsonLimit(c))
  c.set('keyed', readKey(c, bytes))
  return parsed(c, schema, { bytes })
}

async function readForm<S extends GenericSchema<unknown, Contents>>(c: Call, schema: S): Promise<Read<InferOutput<S>>> {
  const { settings, types } = c.get('ctx')
  const limits = [...types().values()].map((config) => contentLimit(config, settings))
  const { artifact, file } = await readMultipart(c, {
    fileLimit: Math.max(...limits, 0),
    fieldLimit: notesLimit(settings),
  })
  c.set('keyed', readKey(c, Buffer.concat([artifact, Buffer.from(`\n${file.contentType ?? ''}\n${file.hash}`)])))
  const { body, given } = parsed(c, schema, { bytes: artifact, part: 'artifact' })
  return { body, given: { ...given, file } }
}

function parsed<S extends GenericSchema<unknown, Contents>>(
  c: Call,
  schema: S,
  { bytes, part }: { bytes: Uint8Array; part?: string },
): Read<InferOutput<S>> {
  // The body itself is one level around content and metadata.
  const rules = { maxDepth: c.get('ctx').settings.maxJsonDepth, around: 1, maxValues: maxJsonValues(c), part }
  // SAFETY: parseBody gives what the schema makes.
  const body = parseBody(bytes, schema, rules) as InferOutput<S>
  const content = Object.hasOwn(body, 'content') ? { content: body.content } : {}
  return { body, given: { ...content, content_base64: body.content_base64 } }
}
