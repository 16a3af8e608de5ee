import { canonicalBytes, contentHash } from '@keepr/shared/domain/content-hash'
import { readMediaType } from '@keepr/shared/domain/media-type'
import type { Offence } from '@keepr/shared/domain/offence'
import { problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { ContentSchemas } from '../content-schemas.ts'

/** Content as it arrived: in a JSON body, or as the file of a multipart body (hashed on its way). */
export type GivenContent = {
  content?: unknown
  content_base64?: string | undefined
  file?: { bytes: Uint8Array; contentType: string | undefined; hash: string } | undefined
}

/** Content as it is stored and sent. */
export type PreparedContent = {
  content_kind: TypeConfig['content']
  content_type: string
  content: Uint8Array
  content_size: number
  content_hash: string
}

/** `readJson` reads the bytes of a file exactly, or refuses them. */
export type ContentRules = {
  type: TypeConfig
  limit: number
  schemas: ContentSchemas
  readJson: (bytes: Uint8Array) => unknown
}

const defaultTypes = { json: 'application/json', text: 'text/plain; charset=utf-8', binary: 'application/octet-stream' }

/** Makes the bytes that are kept and their hash, or tells every offence against the type's rules. */
export function prepareContent(given: GivenContent, { type, limit, schemas, readJson }: ContentRules): PreparedContent {
  // Before it is parsed: a file that is too large for its type is not worth reading as JSON.
  requireSize(given.file?.bytes.byteLength ?? 0, limit)
  const { bytes, json, contentType, hash } = bytesOf(given, type, readJson)
  requireSize(bytes.byteLength, limit)
  requireContentType(contentType, type, given.file !== undefined)
  if (type.content === 'json') requireSchema(json, type, schemas)
  return {
    content_kind: type.content,
    content_type: contentType,
    content: bytes,
    content_size: bytes.byteLength,
    content_hash: hash ?? contentHash(bytes),
  }
}

type Bytes = { bytes: Uint8Array; contentType: string; json?: unknown; hash?: string }

export function requireSize(size: number, limit: number): void {
  if (size <= limit) return
  const detail = `Content of this type may have at most ${limit} bytes.`
  throw problem('payload-too-large', { detail, limit_bytes: limit })
}

export function requireSchema(json: unknown, type: TypeConfig, schemas: ContentSchemas): void {
  const errors = schemas.offences(type, json)
  if (errors.length > 0)
    throw problem('validation-error', { detail: 'The content does not fit the schema of its type.', errors })
}

function bytesOf(given: GivenContent, type: TypeConfig, readJson: ContentRules['readJson']): Bytes {
  const { file, content_base64 } = given
  if (file) {
    const beside = (['content', 'content_base64'] as const).filter((member) => given[member] !== undefined)
    if (beside.length > 0) throw invalid(beside.map((member) => ({ pointer: `/${member}`, detail: inTheFile })))
    const contentType = file.contentType || defaultTypes.binary // a part that says nothing, whatever the type
    if (type.content === 'json') {
      const json = readJson(file.bytes)
      return { bytes: canonicalBytes(json), contentType, json }
    }
    if (type.content === 'text') requireText(file.bytes)
    return { bytes: file.bytes, contentType, hash: file.hash }
  }
  if (type.content === 'binary') {
    if (Object.hasOwn(given, 'content'))
      refuse('/content', 'is not taken for a binary type; send content_base64 or multipart/form-data')
    if (content_base64 === undefined) refuse('/content_base64', 'is missing')
    return { bytes: Buffer.from(content_base64, 'base64'), contentType: onlyConcrete(type) ?? defaultTypes.binary }
  }
  if (content_base64 !== undefined) refuse('/content_base64', 'is taken for binary types only')
  if (!Object.hasOwn(given, 'content')) refuse('/content', 'is missing')
  if (type.content === 'json')
    return { bytes: canonicalBytes(given.content), contentType: defaultTypes.json, json: given.content }
  if (typeof given.content !== 'string') refuse('/content', 'must be a string')
  return { bytes: Buffer.from(given.content, 'utf8'), contentType: onlyConcrete(type) ?? defaultTypes.text }
}

const inTheFile = 'comes as the file of the multipart body'

/** A body in JSON cannot say a content type: where the type allows exactly one, it is that. */
const onlyConcrete = ({ content_types }: TypeConfig): string | undefined =>
  content_types?.length === 1 && !content_types[0]?.includes('*') ? content_types[0] : undefined

/** What it says must be what can be sent again as it is, what its type allows, and true of text: that is in UTF-8. */
export function requireContentType(contentType: string, { content, content_types }: TypeConfig, asFile: boolean): void {
  const { type, charset } = readMediaType(contentType) ?? unsupported('The content says no well-formed media type.')
  if (content === 'text' && !['utf-8', 'utf8', 'us-ascii', undefined].includes(charset))
    unsupported('Text content is in UTF-8.')
  if (content_types === undefined || (content === 'json' && contentType === defaultTypes.json)) return
  const fits = content_types.some((allowed) => {
    const range = allowed.toLowerCase()
    return range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)))
  })
  if (fits) return
  const known = `Content of this type is ${content_types.join(' or ')}`
  unsupported(asFile ? `${known}.` : `${known}; send multipart/form-data, where the content part says which.`)
}

function unsupported(detail: string): never {
  throw problem('unsupported-media-type', { detail })
}

/** Whether a text is taken does not depend on how it is sent: what JSON may not hold (U+0000), a file may not either. */
function requireText(bytes: Uint8Array): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    refuse('/content', 'must be text in UTF-8')
  }
  if (bytes.includes(0)) refuse('/content', 'contains U+0000')
}

function refuse(pointer: string, detail: string): never {
  throw invalid([{ pointer, detail }])
}

const invalid = (errors: Offence[]) => problem('validation-error', { errors })
