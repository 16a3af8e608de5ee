import * as v from 'valibot'
import { EVENT_TYPES } from '../domain/events.ts'
import { SIGNING_SECRET, signingKey } from '../domain/signing-key.ts'
import { AddressRanges } from './address-range.ts'
import { secretsIn } from '../domain/secret-places.ts'
import { Timeout } from './configured-duration.ts'
import { HeaderTemplates, SecretTemplate, UrlTemplate } from './templates.ts'

const texts = v.array(v.string('a text'), 'a list')

const SigningSecret = v.pipe(
  SecretTemplate,
  v.check(
    (text) => secretsIn(text).length > 0 || signingKey(text) !== undefined,
    `a secret such as "{{NAME}}", or ${SIGNING_SECRET}`,
  ),
)

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
    v.minLength(1, 'at least one event'),
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
      [SigningSecret, v.pipe(v.array(SigningSecret), v.minLength(1, 'at least one secret'))],
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
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const list = dataset.value
      for (const [index, subscriber] of list.entries()) {
        const { name } = subscriber
        if (list.findIndex((other) => other.name === name) === index) continue
        addIssue({
          message: `a different name for each subscriber, but another one is called ${name}`,
          path: [
            { type: 'array', origin: 'value', input: list, key: index, value: subscriber },
            { type: 'object', origin: 'value', input: subscriber, key: 'name', value: name },
          ],
        })
      }
    }),
  ),
})
export type SubscriberConfigFile = v.InferOutput<typeof SubscriberConfigFile>
