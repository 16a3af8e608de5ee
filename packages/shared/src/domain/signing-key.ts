import { isBase64 } from './base64.ts'

/** What is expected of the secret that signs webhooks, as it ends a sentence. */
export const SIGNING_SECRET = 'whsec_ and at least 24 bytes in base64'

/** The key in the secret of a subscriber; undefined where it is none by Standard Webhooks, which asks for 24 bytes at least. */
export function signingKey(secret: string): Buffer | undefined {
  const encoded = secret.replace(/^whsec_/u, '')
  const key = isBase64(encoded) ? Buffer.from(encoded, 'base64') : undefined
  return key !== undefined && key.length >= 24 ? key : undefined
}
