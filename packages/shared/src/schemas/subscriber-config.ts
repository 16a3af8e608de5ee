import * as v from 'valibot'
import { AddressRanges } from './address-range.ts'
import { HeaderTemplates, SecretTemplate, Timeout, UrlTemplate } from './configured-duration.ts'

export const EVENT_TYPES = [
  'created',
  'submitted',
  'draft_updated',
  'discarded',
  'published',
  'blocked',
  'rollback',
  'restored',
  'archived',
  'metadata_updated',
  'policy_updated',
  'revalidation_requested',
  'verification_held',
  'recheck_failed',
  'cancelled',
  'purged',
] as const

const texts = v.array(v.string('a text'), 'a list')

/** One receiver of webhooks. */
export const SubscriberConfig = v.strictObject({
  name: v.pipe(
    v.string('a name'),
    v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u, 'a name: letters, digits, ., _ and -'),
  ),
  url: UrlTemplate,
  events: v.array(
    v.picklist(EVENT_TYPES, 'the name of an event such as published, blocked or rollback'),
    'a list of events',
  ),
  types: v.optional(texts),
  groups: v.optional(texts),
  usage_policies: v.optional(v.array(v.picklist(['internal_only', 'public', 'restricted'], 'a usage policy'))),
  secret: v.union(
    [SecretTemplate, v.pipe(v.array(SecretTemplate), v.minLength(1, 'at least one secret'))],
    'a secret such as "{{NAME}}", or a list of them',
  ),
  headers: v.optional(
    v.pipe(
      HeaderTemplates,
      v.check(
        (headers) => !Object.keys(headers).some((name) => /^(?:host|content-type|webhook-.*)$/u.test(name)),
        'headers other than host, content-type, webhook-id, webhook-timestamp and webhook-signature',
      ),
    ),
    {},
  ),
  timeout: v.optional(Timeout, '15s'),
  format: v.optional(v.picklist(['standard', 'cloudevents'], 'standard or cloudevents'), 'standard'),
  allow_addresses: v.optional(AddressRanges, []),
})
export type SubscriberConfig = v.InferOutput<typeof SubscriberConfig>

/** `webhooks.yaml`. */
export const SubscriberConfigFile = v.strictObject({
  subscribers: v.pipe(
    v.array(SubscriberConfig, 'a list of subscribers'),
    v.check(
      (list) => new Set(list.map(({ name }) => name)).size === list.length,
      'a different name for each subscriber',
    ),
  ),
})
export type SubscriberConfigFile = v.InferOutput<typeof SubscriberConfigFile>
