import * as v from 'valibot'
import { MAX_CONTENT_BYTES } from '../domain/content-size.ts'
import { isTypeName } from '../domain/naming.ts'
import { AddressRanges } from './address-range.ts'
import { Duration, PositiveDuration, Timeout } from './configured-duration.ts'
import { HeaderTemplates, UrlTemplate } from './templates.ts'

const positive = (what: string) => v.pipe(v.number(what), v.integer(what), v.minValue(1, what))
const Count = positive('a whole number of at least 1')

/** How a type's validator (Checkr) is called. */
export const ValidatorConfig = v.strictObject({
  url: v.pipe(UrlTemplate, v.description('Where it is called. {{NAME}} stands for a secret.')),
  method: v.pipe(v.optional(v.picklist(['POST', 'PUT'], 'POST or PUT'), 'POST'), v.description('How it is called.')),
  headers: v.pipe(
    v.optional(HeaderTemplates, {}),
    v.description('Header fields that it is sent, by name. {{NAME}} stands for a secret.'),
  ),
  timeout: v.pipe(v.optional(Timeout, '30s'), v.description('How long one call may take; at most 24h.')),
  backoff: v.pipe(
    v.optional(Duration, '2s'),
    v.description('How long after the first error the next try follows; it doubles up to 5m.'),
  ),
  attempts: v.pipe(
    v.optional(Count),
    v.description('The most tries of a run. Without a number the deadline alone decides.'),
  ),
  deadline: v.pipe(
    v.optional(PositiveDuration, '24h'),
    v.description('How long after its start a run is given up without a verdict.'),
  ),
  concurrency: v.pipe(
    v.optional(Count),
    v.description('The most calls at once from one worker; a quarter of VALIDATION_CONCURRENCY when left out.'),
  ),
  rate_limit: v.pipe(
    v.optional(positive('calls per second, a whole number of at least 1')),
    v.description('The most calls a second from one worker; no limit when left out.'),
  ),
  on_unavailable: v.pipe(
    v.optional(v.picklist(['block', 'hold'], 'block or hold'), 'block'),
    v.description('What becomes of a version whose run is given up: it is blocked, or held on verification.'),
  ),
  allow_addresses: v.pipe(
    v.optional(AddressRanges, []),
    v.description('Private addresses that it may have, besides OUTBOUND_ALLOW_ADDRESSES; with http:// too.'),
  ),
})
export type ValidatorConfig = v.InferOutput<typeof ValidatorConfig>

/** The time to live of a type that states none, and of one that is no longer configured. */
export const DEFAULT_TTL = '180d'

/** One type of artifact. */
export const TypeConfig = v.pipe(
  v.strictObject({
    requires_validation: v.pipe(
      v.boolean('true or false'),
      v.description('Whether a submission is published only after a passed verdict of the validator.'),
    ),
    validator: v.pipe(
      v.optional(ValidatorConfig),
      v.description('Who judges; required where requires_validation is true.'),
    ),
    content: v.pipe(
      v.optional(v.picklist(['json', 'text', 'binary'], 'json, text or binary'), 'json'),
      v.description('What the content is.'),
    ),
    content_types: v.pipe(
      v.optional(
        v.array(v.pipe(v.string(), v.regex(/^[\w.+-]+\/[\w.+*-]+$/u, 'a media type')), 'a list of media types'),
      ),
      v.description('The media types that content may have, such as text/html or image/*; any when left out.'),
    ),
    versioning: v.pipe(
      v.optional(v.picklist(['integer', 'semver', 'any'], 'integer, semver or any'), 'any'),
      v.description('What versions look like. With any the first version of a name decides.'),
    ),
    max_bytes: v.pipe(
      v.optional(
        v.pipe(positive('a number of bytes'), v.maxValue(MAX_CONTENT_BYTES, 'at most 536870912 bytes (512 MiB)')),
      ),
      v.description('The largest content; MAX_JSON_BYTES, MAX_TEXT_BYTES or MAX_BINARY_BYTES when left out.'),
    ),
    json_schema: v.pipe(
      v.optional(v.record(v.string(), v.unknown(), 'a JSON Schema')),
      v.description('What JSON content must look like. Checked at the submission, before any validator.'),
    ),
    ttl: v.pipe(
      v.optional(PositiveDuration, DEFAULT_TTL),
      v.description('How long a version may go unused before a cleanup suggests it.'),
    ),
    max_published: v.pipe(
      v.optional(Count),
      v.description(
        'The most published versions of a name: lower ones are archived as one more is published. All stay when left out.',
      ),
    ),
    dedup: v.pipe(
      v.optional(v.picklist(['on', 'off'], 'on or off'), 'on'),
      v.description('Whether the content of the latest version, submitted again, creates nothing.'),
    ),
    default_usage_policy: v.pipe(
      v.optional(
        v.picklist(['internal_only', 'public', 'restricted'], 'internal_only, public or restricted'),
        'internal_only',
      ),
      v.description('The policy of a submission that names none.'),
    ),
    allow_public: v.pipe(
      v.optional(v.boolean('true or false'), true),
      v.description('Whether a submission or a change may name the policy public.'),
    ),
    max_pending: v.pipe(
      v.optional(Count),
      v.description(
        'The most runs of this type that a group may have open, besides MAX_PENDING; no limit when left out.',
      ),
    ),
    on_recheck_failure: v.pipe(
      v.optional(v.picklist(['notify', 'grace', 'block'], 'notify, grace or block'), 'notify'),
      v.description(
        'What a failed verdict on a published version does: an event, an event now and a block after the grace, or a block.',
      ),
    ),
    grace: v.pipe(
      v.optional(Duration, '7d'),
      v.description('With grace: how long after a failed recheck the version is blocked.'),
    ),
    recheck_every: v.pipe(
      v.optional(PositiveDuration),
      v.description('How often published content is validated again; never when left out.'),
    ),
  }),
  v.forward(
    v.check(
      (type) => !type.requires_validation || type.validator !== undefined,
      'a validator, since requires_validation is true',
    ),
    ['validator'],
  ),
  v.forward(
    v.check(
      (type) => type.allow_public || type.default_usage_policy !== 'public',
      'internal_only or restricted, since allow_public is false',
    ),
    ['default_usage_policy'],
  ),
  v.forward(
    v.check(
      (type) => type.content === 'json' || type.json_schema === undefined,
      'no JSON Schema, since content is not json',
    ),
    ['json_schema'],
  ),
)
export type TypeConfig = v.InferOutput<typeof TypeConfig>

/** `artifact_type_config.yaml`. */
export const TypeConfigFile = v.strictObject({
  types: v.record(
    v.pipe(v.string(), v.check(isTypeName, 'a type name: letters, digits, ., _ and -')),
    TypeConfig,
    'types by name',
  ),
})
export type TypeConfigFile = v.InferOutput<typeof TypeConfigFile>

const DEFAULT_DEADLINE_MS = 24 * 3_600_000
/** How long a run of the type may wait for its verdict; one that needs none has a deadline too, should it need one by then. */
export const deadlineMsOf = (type: Pick<TypeConfig, 'validator'> | undefined): number =>
  type?.validator?.deadline ?? DEFAULT_DEADLINE_MS

/** Of such a type a submission is published with others, without a look at each: nothing is asked, and no version has to give way. */
export const isPublishedTogether = (type: Pick<TypeConfig, 'requires_validation' | 'max_published'>): boolean =>
  !type.requires_validation && type.max_published === undefined

/** Of such a type a worker goes on with the next run as soon as it is done with one. */
export const isJudgedInTurn = (type: Pick<TypeConfig, 'requires_validation' | 'validator'>): boolean =>
  type.requires_validation && type.validator !== undefined

export const typesJudgedInTurn = (types: Iterable<readonly [string, TypeConfig]>): string[] =>
  [...types].filter(([, type]) => isJudgedInTurn(type)).map(([name]) => name)

export const typesPublishedTogether = (types: Iterable<readonly [string, TypeConfig]>): string[] =>
  [...types].filter(([, type]) => isPublishedTogether(type)).map(([name]) => name)
