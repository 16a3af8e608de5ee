import type { Role } from '@keepr/shared/domain/role'
import type { JWTVerifyGetKey } from 'jose'

/** One issuer whose tokens are believed. */
export type TokenIssuer = {
  /** The `iss` that a token must have; undefined for the development secret, which may have none. */
  issuer: string | undefined
  audience: string[] | undefined
  algorithms: string[]
  userClaim: string
  groupClaim: string
  rolesClaim: string
  defaultRole: Role
  /** Put before each group and user, so that no issuer can mint another's. */
  groupPrefix: string
  userPrefix: string
  keys: JWTVerifyGetKey
  /** Which keys the issuer has, as far as is known; remembered tokens of a key that left are forgotten. */
  generation: () => number | undefined
}
