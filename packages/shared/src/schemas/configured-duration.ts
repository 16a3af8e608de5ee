import * as v from 'valibot'
import { DURATION_PATTERN, parseDuration } from '../domain/duration.ts'
import { HEADER_VALUE } from '../domain/header-value.ts'
import { insteadOfSecrets } from '../domain/secret-places.ts'

/** `200ms`, `2s`, `15m`, `24h`, `90d`: milliseconds. */
export const Duration = v.pipe(
  v.string('a duration such as 30s, 15m or 90d'),
  v.regex(DURATION_PATTERN, 'a duration such as 30s, 15m or 90d'),
  v.check((text) => !DURATION_PATTERN.test(text) || parseDuration(text) !== undefined, 'a shorter duration'),
  v.transform((text) => parseDuration(text) ?? 0),
)

/** Of which nothing would be left with 0. */
export const PositiveDuration = v.pipe(Duration, v.minValue(1, 'a duration longer than 0'))

const DAY_MS = 86_400_000

/** How long a call may take. A timer could not wait for a month. */
export const Timeout = v.pipe(PositiveDuration, v.maxValue(DAY_MS, 'a duration of at most 24h'))

/** A text in which `{{NAME}}` stands for a secret. What only resembles one would be sent as it stands. */
export const SecretTemplate = v.pipe(
  v.string('a text'),
  v.check(
    (text) => !insteadOfSecrets(text, '').includes('{{'),
    'secrets named like {{NAME}}, in capitals, digits and underscores',
  ),
)

/** Where to call: an absolute URL, in which secrets may stand, or which is one as a whole. */
export const UrlTemplate = v.pipe(
  SecretTemplate,
  v.check(
    (text) => /^\{\{[^{}]*\}\}$/u.test(text) || (/^https?:/u.test(text) && filled(text) !== null),
    'an absolute URL with http or https, or {{NAME}} of a secret that is one',
  ),
  v.check(
    (text) => !filled(text)?.username && !filled(text)?.password,
    'a URL without credentials; they go into a header',
  ),
)

const filled = (text: string): URL | null => URL.parse(insteadOfSecrets(text, 'x'))

/** They say how a call is carried, which is not the configuration's to say. */
const CARRIAGE = ['connection', 'content-length', 'expect', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']

/** Names are compared whatever their case: what a call sets itself must not be sent twice. */
export const HeaderTemplates = v.record(
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/u, 'a header name'),
    v.toLowerCase(),
    v.check((name) => !CARRIAGE.includes(name), `a header other than ${CARRIAGE.join(', ')}`),
  ),
  v.pipe(SecretTemplate, v.regex(HEADER_VALUE, 'a header value on one line, of characters of Latin-1')),
  'header names with their values',
)
