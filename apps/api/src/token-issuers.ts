import { readFile } from 'node:fs/promises'
import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { parseConfig, WrongConfig } from '@keepr/shared/runtime/parse-config'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import * as v from 'valibot'
import type { Settings } from './context.ts'
import type { TokenIssuer } from './token-issuer.ts'

const asymmetric = ['RS256', 'ES256', 'EdDSA']

/** Several issuers: each with its own audience and algorithms, and prefixes that keep their groups and users apart. */
const IssuersFile = v.pipe(
  v.strictObject({
    issuers: v.pipe(
      v.array(
        v.pipe(
          v.strictObject({
            issuer: v.pipe(v.string(), v.nonEmpty('a text')),
            audience: v.pipe(v.array(v.string()), v.nonEmpty('a list of audiences')),
            algorithms: v.pipe(
              v.array(
                v.picklist(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']),
              ),
              v.nonEmpty('a list of algorithms'),
            ),
            jwks_url: v.optional(v.pipe(v.string(), v.url('a URL'))),
            public_key_file: v.optional(v.string()),
            group_prefix: v.pipe(v.string(), v.nonEmpty('a text')),
            user_prefix: v.pipe(v.string(), v.nonEmpty('a text')),
          }),
          v.check(
            ({ jwks_url, public_key_file }) => (jwks_url === undefined) !== (public_key_file === undefined),
            'exactly one of jwks_url and public_key_file',
          ),
        ),
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

const apart = (prefixes: readonly string[]) =>
  prefixes.every((one, i) => prefixes.every((other, j) => i === j || !other.startsWith(one)))

/** The issuers that the settings name. The settings themselves make sure that there is one. */
export async function readTokenIssuers(settings: Settings): Promise<TokenIssuer[]> {
  const claims = {
    userClaim: settings.jwtUserClaim,
    groupClaim: settings.jwtGroupClaim,
    rolesClaim: settings.jwtRolesClaim,
    defaultRole: settings.jwtDefaultRole,
  }
  if (settings.jwtIssuersFile !== undefined) {
    const file = settings.jwtIssuersFile
    const { issuers } = parseConfig(file, await textOf(file, 'JWT_ISSUERS_FILE'), IssuersFile)
    return await Promise.all(
      issuers.map(async (issuer) => ({
        ...claims,
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: issuer.algorithms,
        groupPrefix: issuer.group_prefix,
        userPrefix: issuer.user_prefix,
        ...(await keysOf(issuer.jwks_url, { file: issuer.public_key_file, named: `${file} (public_key_file)` })),
      })),
    )
  }
  const common = {
    ...claims,
    issuer: settings.jwtIssuer,
    audience: settings.jwtAudience,
    groupPrefix: '',
    userPrefix: '',
  }
  if (settings.jwtSecret !== undefined) {
    const secret = new TextEncoder().encode(settings.jwtSecret)
    return [
      { ...common, algorithms: settings.jwtAlgorithms ?? ['HS256'], keys: async () => secret, generation: () => 0 },
    ]
  }
  const keys = await keysOf(settings.jwtJwksUrl, { file: settings.jwtPublicKeyFile, named: 'JWT_PUBLIC_KEY_FILE' })
  return [{ ...common, algorithms: settings.jwtAlgorithms ?? asymmetric, ...keys }]
}

type Keys = Pick<TokenIssuer, 'keys' | 'generation'>

/** One of both is there: the settings, and the schema of several issuers, see to that. */
async function keysOf(
  jwksUrl: string | undefined,
  { file = '', named }: { file: string | undefined; named: string },
): Promise<Keys> {
  if (jwksUrl !== undefined) return remoteKeys(new URL(jwksUrl))
  const keys = fileKeys(file, await textOf(file, named))
  return { keys, generation: () => 0 }
}

const textOf = (file: string, named: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: Error) => {
    throw new WrongConfig([`${named}: expected a file that can be read, but: ${error.message}`])
  })

/** PEM, one JWK or a JWK set. A secret in a file of public keys would be known to everybody: it is refused. */
function fileKeys(file: string, text: string): JWTVerifyGetKey {
  try {
    if (text.includes('-----BEGIN')) {
      if (text.includes('PRIVATE KEY')) throw new Error('it is a private key')
      const key = createPublicKey(text)
      return async () => key
    }
    const json: unknown = JSON.parse(text)
    if (isSet(json)) {
      for (const jwk of json.keys) publicKeyOf(jwk)
      return createLocalJWKSet(json)
    }
    // Like PEM, one key is for whatever `kid` a token names.
    const key = publicKeyOf(json)
    return async () => key
  } catch {
    // Whatever is wrong with it: what a parser says may repeat a secret.
    throw new WrongConfig([`${file}: expected a public key as PEM or JWK, or a JWK set`])
  }
}

const isSet = (json: unknown): json is JSONWebKeySet =>
  typeof json === 'object' && json !== null && 'keys' in json && Array.isArray(json.keys)

function publicKeyOf(jwk: unknown): KeyObject {
  // SAFETY: createPublicKey checks that it is a JWK.
  const key = jwk as JsonWebKeyInput['key']
  if (key.kty === 'oct' || key.d !== undefined) throw new Error('it is a secret')
  return createPublicKey({ key, format: 'jwk' })
}

/**
 * A key set that is fetched when needed and rotates; `generation` moves whenever it changes. Where it is too old to be
 * relied on there is none, so that remembered tokens are verified again: a key that was taken away is noticed by that.
 */
function remoteKeys(url: URL): Keys {
  let generation = 0
  let seen: string | undefined
  const jwks = createRemoteJWKSet(url, {
    timeoutDuration: 3000,
    cooldownDuration: 10_000,
    cacheMaxAge: 300_000,
    [customFetch]: async (input, init) => {
      try {
        const response = await fetch(input, init)
        const text = await response.text()
        if (response.ok && text !== seen) {
          seen = text
          generation += 1
        }
        return new Response(text, response)
      } catch (cause) {
        // Refused, broken off, too late: jose would pass on whatever fetch throws.
        throw new errors.JOSEError('the key set cannot be fetched', { cause })
      }
    },
  })
  const keys: JWTVerifyGetKey = (header, token) => jwks(header, token)
  return { keys, generation: () => (jwks.fresh ? generation : undefined) }
}
