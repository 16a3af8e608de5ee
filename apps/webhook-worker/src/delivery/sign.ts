import { Webhook } from 'standardwebhooks'

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
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(webhookId, at, body)).join(' '),
  }
}
