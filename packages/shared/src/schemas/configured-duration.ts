import * as v from 'valibot'
import { DURATION_PATTERN, parseDuration } from '../domain/duration.ts'

/** `200ms`, `2s`, `15m`, `24h`, `90d`: milliseconds. */
export const Duration = v.pipe(
  v.string('a duration such as 30s, 15m or 90d'),
  v.regex(DURATION_PATTERN, 'a duration such as 30s, 15m or 90d'),
  v.check((text) => !DURATION_PATTERN.test(text) || parseDuration(text) !== undefined, 'a shorter duration'),
  v.transform((text) => parseDuration(text) ?? 0),
)

const SECRET = /\{\{([^{}]*)\}\}/gu

/** A text in which `{{NAME}}` stands for a secret. */
export const SecretTemplate = v.pipe(
  v.string('a text'),
  v.check(
    (text) => [...text.matchAll(SECRET)].every(([, name = '']) => /^[A-Z][A-Z0-9_]*$/u.test(name)),
    'secrets named like {{NAME}}, in capitals, digits and underscores',
  ),
)

/** The names of the secrets in a text. */
export const secretNames = (text: string): string[] => [...text.matchAll(SECRET)].map(([, name = '']) => name)

export const HeaderTemplates = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/u, 'a header name')),
  v.pipe(SecretTemplate, v.regex(/^[^\r\n\u0000]*$/u, 'a header value on one line')),
  'header names with their values',
)
