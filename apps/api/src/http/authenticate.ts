import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { timesGiven } from './raw-fields.ts'

/** Finds out who is calling, from the bearer token alone: identity headers and parameters are never read. */
export async function authenticate(c: Call, token = bearerToken(c)): Promise<void> {
  const { actor, expiresAt } = await c.get('ctx').tokens.verify(token, c.env?.incoming?.socket)
  c.set('actor', actor)
  c.set('tokenExpiresAt', expiresAt)
}

function bearerToken(c: Call): string {
  const [, token] =
    /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/iu.exec(c.req.header('authorization') ?? '') ?? []
  if (timesGiven(c, 'authorization') > 1 || token === undefined)
    throw problem('unauthenticated', { detail: 'Send one field `Authorization: Bearer <JWT>`.' })
  return token
}
