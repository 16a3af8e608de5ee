import { hash } from 'node:crypto'
import { type Actor, looksLikeSystemActor } from '@keepr/shared/domain/actor'
import { rolesFromClaim } from '@keepr/shared/domain/role'
import { problem } from '@keepr/shared/problem'
import { decodeJwt, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose'
import { LRUCache } from 'lru-cache'
import type { TokenIssuer } from './token-issuer.ts'

export type VerifiedToken = { actor: Actor; expiresAt: number }
export type TokenVerifier = {
  /** `connection` is any object that lives as long as what the token came on: who sends it there again is known sooner. */
  verify(token: string, connection?: object): Promise<VerifiedToken>
}

type Options = { issuers: readonly TokenIssuer[]; clockToleranceMs: number; maxRemembered: number }
type Remembered = VerifiedToken & { issuer: TokenIssuer; generation: number | undefined; until: number }

const maxMemoryMs = 5 * 60_000
const maxTokenLength = 8 * 1024

/**
 * Verifies bearer tokens. A verified one is remembered by its hash for five minutes at most, never beyond its end, and
 * not once its issuer's keys have changed: verifying is the most expensive part of a read. The last one of a connection is
 * known without its hash.
 */
export function createTokenVerifier({ issuers, clockToleranceMs, maxRemembered }: Options): TokenVerifier {
  const remembered = new LRUCache<string, Remembered>({ max: maxRemembered })
  const lastOf = new WeakMap<object, { token: string; known: Remembered }>()
  return {
    async verify(token, connection) {
      const last = connection && lastOf.get(connection)
      if (last?.token === token && isValid(last.known)) return last.known
      if (token.length > maxTokenLength) throw problem('unauthenticated')
      const key = hash('sha256', token, 'base64')
      const known = remembered.get(key)
      if (known && isValid(known)) {
        if (connection) lastOf.set(connection, { token, known })
        return known
      }
      const issuer = issuerOf(token, issuers)
      const before = issuer.generation()
      const payload = await verifiedPayload(token, issuer, clockToleranceMs)
      const verified = readToken(payload, issuer)
      const generation = issuer.generation()
      const until = Math.min(Date.now() + maxMemoryMs, verified.expiresAt + clockToleranceMs)
      // Keys that came meanwhile may lack the one that it was verified by: then it is not remembered yet.
      if (generation === before) remembered.set(key, { ...verified, issuer, generation, until })
      return verified
    },
  }
}

const isValid = ({ issuer, generation, until }: Remembered): boolean =>
  generation !== undefined && generation === issuer.generation() && until > Date.now()

/** Which issuer the token says it is from: that only chooses the rules by which it is then verified. */
function issuerOf(token: string, issuers: readonly TokenIssuer[]): TokenIssuer {
  const [only] = issuers
  if (issuers.length === 1 && only) return only
  const claimed = attempt(() => decodeJwt(token).iss)
  const issuer = issuers.find((candidate) => candidate.issuer === claimed)
  if (!issuer) throw problem('unauthenticated')
  return issuer
}

function attempt<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw problem('unauthenticated') // not a token at all: whatever is wrong with it, the answer is the same
  }
}

async function verifiedPayload(token: string, issuer: TokenIssuer, toleranceMs: number): Promise<JWTPayload> {
  try {
    return await payloadByAnyKey(token, issuer, {
      algorithms: issuer.algorithms,
      clockTolerance: toleranceMs / 1000,
      requiredClaims: ['exp'],
      ...(issuer.issuer === undefined ? {} : { issuer: issuer.issuer }),
      ...(issuer.audience === undefined ? {} : { audience: issuer.audience }),
    })
  } catch (cause) {
    if (keysAreUnreachable(cause))
      throw Object.assign(problem('identity-provider-unavailable', { retry_after_s: 5 }), { cause })
    // jose looks at claims after the signature, so this is told of true tokens only.
    if (cause instanceof errors.JWTExpired) throw problem('unauthenticated', { detail: 'The token has expired.' })
    if (cause instanceof errors.JWTClaimValidationFailed) throw unusable(cause.claim)
    throw problem('unauthenticated')
  }
}

/** Keys need no id (RFC 7517, 4.5), and while an issuer changes its key it has two: whichever verifies the token is its own. */
async function payloadByAnyKey(token: string, issuer: TokenIssuer, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, issuer.keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch(() => undefined) // by another one, or none at all
      if (verified) return verified.payload
    }
    throw error
  }
}

/** jose tells of a key set that cannot be fetched by its plain error or a time-out, of one that is none by another. */
const keysAreUnreachable = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')

/** Of a token that is genuine: which claim is in the way is what its issuer, or who set Keepr up, has to mend. */
const unusable = (claimName: string) =>
  problem('unauthenticated', { detail: `The token's claim ${claimName} is missing, or not what is taken here.` })

function readToken(payload: JWTPayload, issuer: TokenIssuer): VerifiedToken {
  const userId = claim(payload, issuer.userClaim)
  const groupId = claim(payload, issuer.groupClaim)
  const { exp, iat } = payload
  if (!isIdentity(userId)) throw unusable(issuer.userClaim)
  if (!isIdentity(groupId)) throw unusable(issuer.groupClaim)
  if (typeof exp !== 'number' || !Number.isSafeInteger(Math.trunc(exp))) throw unusable('exp')
  if (iat !== undefined && (!Number.isFinite(iat) || iat > Date.now() / 1000 + 60)) throw unusable('iat')
  const actor = {
    userId: issuer.userPrefix + userId,
    groupId: issuer.groupPrefix + groupId,
    roles: rolesFromClaim(claim(payload, issuer.rolesClaim), issuer.defaultRole),
  }
  if (looksLikeSystemActor(actor.userId) || actor.userId.length > 255 || actor.groupId.length > 255)
    throw problem('unauthenticated')
  return { actor, expiresAt: exp * 1000 }
}

/** Printable, of sane length, and storable: a group or user of blanks or control characters is nobody. */
const isIdentity = (value: unknown): value is string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= 255 &&
  value.isWellFormed() &&
  !/[\u0000-\u001f\u007f]/u.test(value)

/** A claim by its name, or by a path such as `realm.group`. The name itself wins, for claims that are URLs. */
function claim(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  return path.split('.').reduce<unknown>(
    (value, part) =>
      // SAFETY: hasOwn has shown that the object has this property.
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string, unknown>)[part]
        : undefined,
    payload,
  )
}
