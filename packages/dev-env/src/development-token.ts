import { SignJWT } from 'jose'
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from './development-secrets.ts'

export type TokenRequest = { secret: string; group: string; user: string; roles: string[]; expires: string }

/** A JWT as the API of `npm start` accepts it (HS256, the data folder's own secret). */
export const developmentToken = ({ secret, group, user, roles, expires }: TokenRequest): Promise<string> =>
  new SignJWT({ group_id: group, roles })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(user)
    .setIssuer(DEVELOPMENT_ISSUER)
    .setAudience(DEVELOPMENT_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret))
