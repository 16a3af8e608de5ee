import { createHmac } from 'node:crypto'

/** A configured secret that is none by Standard Webhooks. The message does not tell it. */
export class SecretInvalid extends Error {
  override readonly name = 'SecretInvalid'
}

/**
 * The headers of one attempt (Standard Webhooks): the id stays the same over all attempts, the time is this attempt's, and
 * every secret signs, so that a receiver may change to a new one at its leisure.
 */
export function signatureHeaders(
  webhookId: string,
  at: Date,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const sign = (secret: string) =>
    `v1,${createHmac('sha256', keyOf(secret)).update(`${webhookId}.${timestamp}.${body}`).digest('base64')}`
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(sign).join(' '),
  }
}

/** Standard Webhooks asks for 24 bytes at least. */
function keyOf(secret: string): Buffer {
  const [, encoded = ''] = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/u.exec(secret) ?? []
  const key = Buffer.from(encoded, 'base64')
  if (encoded.length % 4 !== 0 || key.length < 24)
    throw new SecretInvalid('a secret must be whsec_ and at least 24 bytes in base64')
  return key
}
