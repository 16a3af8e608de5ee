import * as v from 'valibot'
import { isTypeName } from '../domain/naming.ts'
import { AddressRanges } from './address-range.ts'
import { Duration, HeaderTemplates, PositiveDuration, Timeout, UrlTemplate } from './configured-duration.ts'

const positive = (what: string) => v.pipe(v.number(what), v.integer(what), v.minValue(1, what))
/** How a type's validator (Checkr) is called. */
export const ValidatorConfig = v.strictObject({
  url: UrlTemplate,
  method: v.optional(v.picklist(['POST', 'PUT'], 'POST or PUT'), 'POST'),
  headers: v.optional(HeaderTemplates, {}),
  timeout: v.optional(Timeout, '30s'),
  backoff: v.optional(Duration, '2s'),
  attempts: v.optional(positive('a whole number of at least 1')),
  deadline: v.optional(PositiveDuration, '24h'),
  concurrency: v.optional(positive('a whole number of at least 1')),
  rate_limit: v.optional(positive('calls per second, a whole number of at least 1')),
  on_unavailable: v.optional(v.picklist(['block', 'hold'], 'block or hold'), 'block'),
  allow_addresses: v.optional(AddressRanges, []),
})
export type ValidatorConfig = v.InferOutput<typeof ValidatorConfig>

/** One type of artifact. */
export const TypeConfig = v.pipe(
  v.strictObject({
    requires_validation: v.boolean('true or false'),
    validator: v.optional(ValidatorConfig),
    content: v.optional(v.picklist(['json', 'text', 'binary'], 'json, text or binary'), 'json'),
    content_types: v.optional(v.array(v.pipe(v.string(), v.regex(/^[\w.+-]+\/[\w.+*-]+$/u, 'a media type')))),
    versioning: v.optional(v.picklist(['integer', 'semver', 'any'], 'integer, semver or any'), 'any'),
    max_bytes: v.optional(positive('a number of bytes')),
    json_schema: v.optional(v.record(v.string(), v.unknown(), 'a JSON Schema')),
    ttl: v.optional(PositiveDuration, '180d'),
    max_published: v.optional(positive('a whole number of at least 1')),
    dedup: v.optional(v.picklist(['on', 'off'], 'on or off'), 'on'),
    default_usage_policy: v.optional(
      v.picklist(['internal_only', 'public', 'restricted'], 'internal_only, public or restricted'),
      'internal_only',
    ),
    allow_public: v.optional(v.boolean('true or false'), true),
    max_pending: v.optional(positive('a whole number of at least 1')),
    on_recheck_failure: v.optional(v.picklist(['notify', 'grace', 'block'], 'notify, grace or block'), 'notify'),
    grace: v.optional(Duration, '7d'),
    /** Published content is validated again so often; never when left out. */
    recheck_every: v.optional(PositiveDuration),
  }),
  v.forward(
    v.check(
      (type) => !type.requires_validation || type.validator !== undefined,
      'a validator, since requires_validation is true',
    ),
    ['validator'],
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
