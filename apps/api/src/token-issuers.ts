import { readFile } from 'node:fs/promises'
import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { parseConfig, WrongConfig } from '@keepr/shared/runtime/parse-config'
import { TokenIssuersFile } from '@keepr/shared/schemas/token-issuers'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import type { Settings } from './context.ts'
import type { TokenIssuer } from './token-issuer.ts'

const asymmetric = ['RS256', 'ES256', 'EdDSA']

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
    const { issuers } = parseConfig(file, await textOf(file, 'JWT_ISSUERS_FILE'), TokenIssuersFile)
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
