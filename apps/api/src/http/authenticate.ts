import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'

/** Finds out who is calling, from the bearer token alone: identity headers and parameters are never read. */
export async function authenticate(c: Call, token = bearerToken(c)): Promise<void> {
  const { actor, expiresAt } = await c.get('ctx').tokens.verify(token)
  c.set('actor', actor)
  c.set('tokenExpiresAt', expiresAt)
}

function bearerToken(c: Call): string {
  // Two header fields arrive joined by Node or dropped; the raw list tells (absent when a test calls without a server).
  const raw: string[] = c.env?.incoming?.rawHeaders ?? []
  const fields = raw.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization')
  const [, token] =
    /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/iu.exec(c.req.header('authorization') ?? '') ?? []
  if (fields.length > 1 || token === undefined) throw problem('unauthenticated')
  return token
}
