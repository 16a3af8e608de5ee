import * as v from 'valibot'
import { HEADER_VALUE } from '../domain/header-value.ts'
import { insteadOfSecrets } from '../domain/secret-places.ts'

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
