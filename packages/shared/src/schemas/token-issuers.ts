import * as v from 'valibot'

const text = v.pipe(v.string('a text'), v.nonEmpty('a text'))

/** One of several issuers: its own audience and algorithms, and prefixes that keep its groups and users apart. */
export const TokenIssuerConfig = v.strictObject({
  issuer: v.pipe(text, v.description('The `iss` of its tokens; no two have the same.')),
  audience: v.pipe(
    v.array(v.string('a text'), 'a list of audiences'),
    v.nonEmpty('a list of audiences'),
    v.description('The audiences of which a token must name one (`aud`).'),
  ),
  algorithms: v.pipe(
    v.array(
      v.picklist(
        ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
        'an algorithm with a public key, such as RS256, ES256 or EdDSA',
      ),
      'a list of algorithms',
    ),
    v.nonEmpty('a list of algorithms'),
    v.description('The signature algorithms that are accepted: RS…, PS…, ES… of 256, 384 or 512, and EdDSA.'),
  ),
  jwks_url: v.pipe(
    v.optional(v.pipe(v.string('a URL'), v.url('a URL'))),
    v.description('Its key set; either this or `public_key_file`.'),
  ),
  public_key_file: v.pipe(
    v.optional(v.string('a text')),
    v.description('A file with its public key (PEM or JWK) or keys (JWK set).'),
  ),
  group_prefix: v.pipe(
    text,
    v.description('Stands before the group of each of its tokens: none can speak for a group of another issuer.'),
  ),
  user_prefix: v.pipe(text, v.description('The same for users.')),
})

const apart = (prefixes: readonly string[]) =>
  prefixes.every((one, i) => prefixes.every((other, j) => i === j || !other.startsWith(one)))

/** What stands in the file of JWT_ISSUERS_FILE. */
export const TokenIssuersFile = v.pipe(
  v.strictObject({
    issuers: v.pipe(
      v.array(
        v.pipe(
          TokenIssuerConfig,
          v.check(
            ({ jwks_url, public_key_file }) => (jwks_url === undefined) !== (public_key_file === undefined),
            'exactly one of jwks_url and public_key_file',
          ),
        ),
        'a list of issuers',
      ),
      v.nonEmpty('at least one issuer'),
    ),
  }),
  v.check(
    ({ issuers }) => apart(issuers.map(({ group_prefix }) => group_prefix)),
    'group prefixes of which none begins with another',
  ),
  v.check(
    ({ issuers }) => apart(issuers.map(({ user_prefix }) => user_prefix)),
    'user prefixes of which none begins with another',
  ),
  v.check(({ issuers }) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length, 'issuers that differ'),
)
