import { fillSecrets, secretsIn } from '@keepr/shared/domain/secret-places'
import type { Secrets } from '@keepr/shared/runtime/secrets/secrets'

export type Filled = {
  url: string
  address: string
  headers: Record<string, string>
  /** Puts the placeholders back where a value stands: what is stored can be filled in again and tells nothing. */
  mask: (text: string) => string
}

/**
 * Fills secrets into the address and headers of a call, as they are at this moment. Only what the operator wrote may name
 * them: an address that a validator gave could else ask for any secret.
 */
export async function fillIn(
  secrets: Pick<Secrets, 'resolve'>,
  { url, headers, address }: { url: string; headers: Record<string, string>; address: string },
): Promise<Filled> {
  const names = new Set([url, ...Object.values(headers)].flatMap(secretsIn))
  const values = new Map<string, string>()
  for (const name of names) values.set(name, await secrets.resolve(`{{${name}}}`))
  const fill = (text: string) => fillSecrets(text, values)
  return {
    url: fill(url),
    address: fill(address),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)])),
    mask: (text) => {
      let rest = text
      for (const [name, value] of values) {
        for (const form of [value, encodeURIComponent(value.toWellFormed())])
          if (form !== '') rest = rest.replaceAll(form, `{{${name}}}`)
      }
      return rest
    },
  }
}
