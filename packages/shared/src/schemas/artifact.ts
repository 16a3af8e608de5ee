import * as v from 'valibot'
import { isBase64 } from '../domain/base64.ts'
import { isObject } from '../domain/is-object.ts'
import { isName } from '../domain/naming.ts'
import { STATUSES } from '../domain/lifecycle.ts'
import { MAX_OFFENCES } from '../domain/offence.ts'
import { RUN_STATES } from '../domain/run-state.ts'
import { Finding } from './checkr.ts'
import { Integer } from './integer.ts'
import { BUMPS, parseVersion, VERSION_RULE } from '../domain/version.ts'

export const USAGE_POLICY = v.picklist(
  ['internal_only', 'public', 'restricted'],
  'must be internal_only, public or restricted',
)

const Text = v.string('must be a string')

/** A request takes 7 or "7"; everything else carries the text. */
export const Version = v.pipe(
  v.union([v.number(), v.string()], VERSION_RULE),
  v.metadata({
    toldAs: {
      description: 'A whole number or SemVer.',
      anyOf: [
        { type: 'integer', minimum: 1 },
        { type: 'string', maxLength: 64 },
      ],
    },
  }),
  v.rawTransform<string | number, string>(({ dataset, addIssue, NEVER }) => {
    const version = parseVersion(dataset.value)
    if (version !== undefined) return version
    addIssue({ message: VERSION_RULE })
    return NEVER
  }),
)

export const Name = v.pipe(
  v.string('must be a string'),
  v.check(
    isName,
    'must be 1 to 128 characters of A-Z, a-z, 0-9, ".", "_" and "-", begin with a letter or digit, and not be reserved',
  ),
)

const NOTES = 'Notes on the artifact: tags, category, description and any further keys.'
const Tags = v.pipe(
  v.custom<unknown[]>(Array.isArray, 'must be a list of strings'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { value: input } = dataset
    let told = 0
    for (const [key, value] of input.entries()) {
      if (typeof value === 'string' && value !== '') continue
      const message = value === '' ? 'is empty' : 'must be a string'
      addIssue({ message, path: [{ type: 'array', origin: 'value', input, key, value }] })
      // A list may be made of nothing else, and an issue costs far more than a tag.
      if (++told === MAX_OFFENCES) return
    }
  }),
)
const LONGEST_CATEGORY = 256 // it is found by an index, whose entries have an end
const KnownMetadata = {
  tags: Tags,
  category: v.pipe(
    Text,
    v.check((text) => Array.from(text).length <= LONGEST_CATEGORY, `is longer than ${LONGEST_CATEGORY} characters`),
  ),
  description: Text,
}

/**
 * `tags`, `category` and `description` have a form; any further keys are the caller's, whatever they are called. The
 * value is handed on untouched: an object schema would drop keys that objects inherit, such as `constructor`.
 */
export const Metadata = v.pipe(
  v.custom<Record<string, unknown>>(isObject, 'must be an object'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const [key, schema] of Object.entries(KnownMetadata)) {
      if (!Object.hasOwn(dataset.value, key)) continue
      const value = dataset.value[key]
      for (const { message, path = [] } of v.safeParse(schema, value).issues ?? [])
        addIssue({ message, path: [{ type: 'object', origin: 'value', input: dataset.value, key, value }, ...path] })
    }
  }),
  v.metadata({
    description: NOTES,
    properties: {
      tags: { type: 'array', items: { type: 'string', minLength: 1 } },
      category: { type: 'string', maxLength: LONGEST_CATEGORY },
      description: { type: 'string' },
    },
  }),
)
export type Metadata = v.InferOutput<typeof Metadata>

const content = v.pipe(
  v.unknown(),
  v.description(
    'Any JSON value for JSON types, a string for text types. A multipart body has it as a part of its own.',
  ),
)
const contentBase64 = v.pipe(
  Text,
  v.check(isBase64, 'must be base64 (RFC 4648, section 4)'),
  v.metadata({ contentEncoding: 'base64', description: 'The content, for binary types.' }),
)

/** `POST /artifacts/`. The content of a multipart request comes as a part of its own. */
export const SubmitBody = v.strictObject(
  {
    name: v.pipe(Name, v.description('Up to 128 of A-Z, a-z, 0-9, ".", "_" and "-", a letter or digit first.')),
    type: v.pipe(Text, v.description('One of those that GET /types lists.')),
    version: v.pipe(
      v.optional(Version),
      v.description('A whole number or SemVer, as the name has them; the next one if left out.'),
    ),
    bump: v.pipe(
      v.optional(v.picklist(BUMPS, 'must be patch, minor or major')),
      v.description('Instead of `version`, for SemVer: which step the next version is.'),
    ),
    content: v.optional(content),
    content_base64: v.optional(contentBase64),
    metadata: v.optional(Metadata),
    usage_policy: v.pipe(
      v.optional(USAGE_POLICY),
      v.description('Whom it is for once published; what its type has as default if left out.'),
    ),
    draft: v.pipe(
      v.optional(v.boolean('must be true or false')),
      v.description('Keep it as a draft, to be edited and submitted later.'),
    ),
  },
  'must be an object',
)
export type SubmitBody = v.InferOutput<typeof SubmitBody>

/** `PUT /artifacts/{name}/{version}`: what a draft is from now on. */
export const DraftBody = v.strictObject(
  {
    content: v.optional(content),
    content_base64: v.optional(contentBase64),
    metadata: v.optional(v.pipe(Metadata, v.metadata({ description: `${NOTES} None if left out.` }))),
    usage_policy: v.optional(v.pipe(USAGE_POLICY, v.metadata({ description: 'Stays as it is if left out.' }))),
  },
  'must be an object',
)
export type DraftBody = v.InferOutput<typeof DraftBody>

const Timestamp = v.pipe(v.string(), v.metadata({ format: 'date-time' }))
const Uuid = v.pipe(v.string(), v.metadata({ format: 'uuid' }))
const Links = v.record(v.string(), v.string())

const Validation = v.object({
  state: v.picklist(RUN_STATES),
  attempts: v.array(
    v.object({ at: Timestamp, duration_ms: Integer, outcome: v.string(), reason: v.nullable(v.string()) }),
  ),
  findings: v.array(Finding),
  reason: v.optional(v.string()),
  deadline: v.optional(Timestamp),
  checked_at: v.optional(Timestamp),
  report_url: v.optional(v.string()),
})

/** What is answered about one artifact. */
export const Artifact = v.pipe(
  v.object({
    id: Uuid,
    name: v.string(),
    type: v.string(),
    version: v.string(),
    status: v.picklist(STATUSES),
    usable: v.pipe(v.boolean(), v.description('Whether it is published: nothing else may be used.')),
    usage_policy: USAGE_POLICY,
    group_id: v.string(),
    created_by: v.optional(v.string()),
    content: v.pipe(
      v.optional(v.unknown()),
      v.description('JSON and text up to 1 MiB, where the caller may read it; never in lists and answers to writes.'),
    ),
    content_type: v.string(),
    content_size: v.pipe(Integer, v.description('In bytes.')),
    content_hash: v.pipe(
      v.string(),
      v.description('SHA-256 in lower-case hex, of JSON in its canonical form (RFC 8785): of what is downloaded.'),
    ),
    metadata: v.record(v.string(), v.unknown()),
    created_at: Timestamp,
    updated_at: Timestamp,
    published_at: v.optional(Timestamp),
    last_accessed_at: v.pipe(v.optional(Timestamp), v.description('When its content was last read, roughly.')),
    validation: v.optional(Validation),
    duplicate_of: v.pipe(v.optional(Uuid), v.description('An artifact of the group that has the same content.')),
    deduplicated: v.pipe(
      v.optional(v.boolean()),
      v.description('The submission created nothing: the latest version is the same.'),
    ),
    blocked_reason: v.pipe(
      v.optional(v.string()),
      v.description('Such as `validation_failed` (see the findings), `validator_unavailable` or `cancelled`.'),
    ),
    archived_at: v.optional(Timestamp),
    archive_reason: v.optional(v.string()),
    purged_at: v.optional(Timestamp),
    links: Links,
  }),
  v.metadata({ ref: 'Artifact' }),
)

export const ArtifactPage = v.pipe(
  v.object({ items: v.array(Artifact), next_cursor: v.nullable(v.string()) }),
  v.metadata({ ref: 'ArtifactPage' }),
)

export const Event = v.pipe(
  v.object({
    id: Uuid,
    artifact_id: Uuid,
    name: v.string(),
    type: v.string(),
    version: v.string(),
    sequence: Integer,
    event_type: v.string(),
    event_data: v.record(v.string(), v.unknown()),
    actor: v.string(),
    request_id: v.nullable(v.string()),
    created_at: Timestamp,
  }),
  v.metadata({ ref: 'Event' }),
)
