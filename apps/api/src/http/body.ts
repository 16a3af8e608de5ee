import { isObject } from '@keepr/shared/domain/is-object'
import { jsonPointer } from '@keepr/shared/domain/json-pointer'
import { MAX_OFFENCES, type Offence } from '@keepr/shared/domain/offence'
import { readStrictJson } from '@keepr/shared/domain/strict-json'
import { type Problem, problem } from '@keepr/shared/problem'
import * as v from 'valibot'
import type { Call } from './api.ts'
import { collectBytes } from './collect-bytes.ts'
import { fieldParameters } from './field-parameters.ts'
import { offenceDetail } from './offence-detail.ts'
import type { RouteSpec } from './route.ts'
import { requireRoom } from './require-room.ts'
import { sentDigests } from './sent-digests.ts'
import { unknownKeys } from './unknown-keys.ts'

/** What the server decides: a client that sends one of these is mistaken, and is told instead of being ignored. */
const decidedByKeepr = new Set(['group_id', 'user_id', 'created_by', 'status', 'id', 'content_hash'])

/** The media type without parameters, lower case; undefined when there is none. */
export const mediaType = (c: Call): string | undefined =>
  c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()

/** Refuses compressed bodies: what was hashed must be what was sent. */
export function refuseContentEncoding(c: Call): void {
  const transfer = c.req.header('transfer-encoding')
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    throw problem('malformed-request', { detail: 'The only transfer coding that is known here is chunked.' })
  const encoding = c.req.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw problem('unsupported-media-type', {
      detail: 'Send the body without Content-Encoding.',
      headers: { 'accept-encoding': 'identity' },
    })
  }
}

const SMALL_BYTES = 64 * 1024

/** The raw bytes of a body of at most `limit` bytes; a longer one is refused as soon as that is known. */
export async function readBytes(c: Call, limit: number): Promise<Uint8Array> {
  const digests = sentDigests(c)
  const bytes = await receive(c, limit)
  digests?.add(bytes)
  digests?.compare()
  return bytes
}

async function receive(c: Call, limit: number): Promise<Uint8Array> {
  const declared = Number(c.req.header('content-length') ?? 0)
  if (declared > limit) throw tooLarge(limit)
  await using upload = await c.get('ctx').uploads.open(c.get('actor'), declared)
  // No more than was declared can come; the server reads it at once, which costs less than a stream to read it from.
  if (declared > 0 && declared <= SMALL_BYTES) return new Uint8Array(await c.req.raw.arrayBuffer())
  const content = collectBytes(declared)
  let size = 0
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength
    if (size > limit) throw tooLarge(limit)
    await upload.add(chunk.byteLength)
    await requireRoom(c, { arrived: size, expected: declared || limit })
    content.add(chunk)
  }
  return content.bytes()
}

/** A body, or content in it, that has more bytes than it may have. */
const tooLarge = (limit: number): Problem =>
  problem('payload-too-large', {
    detail: `The body may have at most ${limit} bytes.`,
    limit_bytes: limit,
    headers: { connection: 'close' },
  })

/** Checks the media type and gives the bytes, or undefined when an optional body is absent. */
export async function readJsonBytes(c: Call, spec: RouteSpec, limit: number): Promise<Uint8Array | undefined> {
  refuseContentEncoding(c)
  const type = mediaType(c)
  const types = spec.bodyTypes ?? ['application/json']
  const taken = type !== undefined && types.includes(type) && isUtf8(c.req.header('content-type'))
  if (!taken && !spec.bodyOptional) throw unsupported(types)
  const bytes = await readBytes(c, limit)
  // Clients that always send a body (`curl -d ''`, forms) name a type of their own for nothing.
  if (bytes.byteLength === 0 && spec.bodyOptional) return undefined
  if (!taken) throw unsupported(types)
  return bytes
}

const unsupported = (types: readonly string[]) =>
  problem('unsupported-media-type', {
    detail: `Send ${types.join(' or ')} in UTF-8.`,
    headers: { accept: types.join(', ') },
  })

/** Whether a content type says no other charset; without one JSON is in UTF-8. */
export const isUtf8 = (contentType = ''): boolean => {
  const charset = fieldParameters(contentType).get('charset')
  return charset === undefined || /^utf-?8$/iu.test(charset)
}

/** `part` names the part of a multipart body that the bytes are. */
type JsonRules = { maxDepth: number; maxValues?: number; around?: number; part?: string | undefined }

/** A body in Keepr's JSON that fits a schema: what cannot be kept exactly and what does not fit are told together. */
export function parseBody(bytes: Uint8Array, schema: v.GenericSchema, rules: JsonRules): unknown {
  const { value, offences } = parseJson(bytes, rules)
  if (value === undefined) throw invalid(offences)
  return checkBody(value, schema, offences)
}

/** The content file of a multipart body, in Keepr's JSON. */
export function parseContent(bytes: Uint8Array, maxDepth: number): unknown {
  const { value, offences } = parseJson(bytes, { maxDepth, part: 'content' })
  if (offences.length === 0) return value
  throw invalid(offences.map(({ pointer, detail }) => ({ pointer: `/content${pointer}`, detail })))
}

/** Malformed is 400; what a double or PostgreSQL would change is 422, naming the places. */
function parseJson(bytes: Uint8Array, { maxDepth, part, ...counted }: JsonRules) {
  const read = readStrictJson(bytes, maxDepth, counted)
  if (read.kind !== 'malformed') return { offences: [], ...read }
  throw problem('malformed-json', { detail: part === undefined ? read.detail : `In the part ${part}: ${read.detail}` })
}

/** Checks a body against its schema; every offence is told with its JSON pointer, after those that it was read with. */
export function checkBody(value: unknown, schema: v.GenericSchema, readWith: readonly Offence[] = []): unknown {
  // Every body is an object; a schema would take a list for one.
  if (!isObject(value)) {
    throw invalid([...readWith, { pointer: '', detail: 'must be an object' }])
  }
  const offences = [...readWith]
  const told = new Set(offences.map(({ pointer }) => pointer))
  const tell = (path: readonly string[], detail: string) => {
    const pointer = jsonPointer(path)
    if (!told.has(pointer)) offences.push({ pointer, detail })
    told.add(pointer)
  }
  // A body may be made of nothing else, and no more are told.
  for (const key of unknownKeys(value, schema).slice(0, MAX_OFFENCES)) {
    tell([key], decidedByKeepr.has(key) ? 'is decided by Keepr and cannot be sent' : 'is not a known field')
  }
  const result = v.safeParse(schema, value)
  for (const issue of result.issues ?? []) {
    const path = (issue.path ?? []).map((item) => String(item.key))
    tell(path, offenceDetail(issue, 'is not a known field'))
  }
  if (offences.length > 0) throw invalid(offences)
  return result.output
}

const invalid = (errors: readonly Offence[]) => problem('validation-error', { errors })
