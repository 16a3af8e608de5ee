import { Webhook } from 'standardwebhooks'

/** The headers of a webhook that somebody with this secret might send: forged, late or once more. */
export const signedAsWebhook = (
  body: string,
  { id, secret, at = new Date() }: { id: string; secret: string; at?: Date },
): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, at, body),
})
