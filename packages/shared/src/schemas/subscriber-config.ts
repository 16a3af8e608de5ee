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
    v.description('What it is called in deliveries, metrics and log lines; no two have the same.'),
  ),
  url: v.pipe(UrlTemplate, v.description('Where webhooks are sent. {{NAME}} stands for a secret.')),
  events: v.pipe(
    v.array(v.picklist(EVENT_TYPES, 'the name of an event such as published, blocked or rollback'), 'a list of events'),
    v.description(`What it is told of: ${EVENT_TYPES.join(', ')}.`),
  ),
  types: v.pipe(v.optional(texts), v.description('Only artifacts of these types; all when left out.')),
  groups: v.pipe(v.optional(texts), v.description('Only artifacts of these groups; all when left out.')),
  usage_policies: v.pipe(
    v.optional(
      v.array(v.picklist(['internal_only', 'public', 'restricted'], 'a usage policy'), 'a list of usage policies'),
    ),
    v.description('Only artifacts with one of internal_only, public and restricted; all when left out.'),
  ),
  secret: v.pipe(
    v.union(
      [SecretTemplate, v.pipe(v.array(SecretTemplate), v.minLength(1, 'at least one secret'))],
      'a secret such as "{{NAME}}", or a list of them',
    ),
    v.description('What webhooks are signed with; two during a rotation.'),
  ),
  headers: v.pipe(
    v.optional(
      v.pipe(
        HeaderTemplates,
        v.check(
          (headers) => !Object.keys(headers).some((name) => /^(?:host|content-type|webhook-.*)$/u.test(name)),
          'headers other than host, content-type, webhook-id, webhook-timestamp and webhook-signature',
        ),
      ),
      {},
    ),
    v.description('Further header fields, by name. {{NAME}} stands for a secret.'),
  ),
  timeout: v.pipe(v.optional(Timeout, '15s'), v.description('How long one attempt may take; at most 24h.')),
  format: v.pipe(
    v.optional(v.picklist(['standard', 'cloudevents'], 'standard or cloudevents'), 'standard'),
    v.description('Standard Webhooks alone, or with a CloudEvent 1.0 as the body.'),
  ),
  allow_addresses: v.pipe(
    v.optional(AddressRanges, []),
    v.description('Private addresses that it may have, besides OUTBOUND_ALLOW_ADDRESSES; with http:// too.'),
  ),
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
