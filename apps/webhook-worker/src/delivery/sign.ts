import { createHmac } from 'node:crypto'
import { SIGNING_SECRET, signingKey } from '@keepr/shared/domain/signing-key'

/** A configured secret that is none by Standard Webhooks. The message does not tell it. */
export class SecretInvalid extends Error {
  override readonly name = 'SecretInvalid'
}

/**
 * The headers of one attempt (Standard Webhooks): the id stays the same over all attempts, the time is this attempt's, and
 * every secret signs, so that a receiver may change to a new one at its leisure.
 */
export function signatureHeaders(
  { webhookId, at, body }: { webhookId: string; at: Date; body: string },
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

function keyOf(secret: string): Buffer {
  const key = signingKey(secret)
  if (key === undefined) throw new SecretInvalid(`a secret must be ${SIGNING_SECRET}`)
  return key
}
