import { isIP } from 'node:net'
import * as v from 'valibot'

/** An IP address or CIDR range as `address/bits`; undefined for anything else. */
export function parseAddressRange(text: string): string | undefined {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bits = { 4: 32, 6: 128 }[isIP(address)]
  if (bits === undefined) return undefined
  const length = prefix === undefined ? bits : Number(prefix)
  return length <= bits ? `${address}/${length}` : undefined
}

/** Addresses that may be called although they are private. */
export const AddressRanges = v.array(
  v.pipe(
    v.string('an IP address or CIDR range'),
    v.check((text) => parseAddressRange(text) !== undefined, 'an IP address or CIDR range'),
  ),
  'a list of IP addresses and CIDR ranges',
)
