import { BlockList, isIP } from 'node:net'

/** Addresses that mean this machine, this network or nobody, and so no validator or subscriber of the internet. */
const RESERVED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '::1/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

/** Which addresses may be called. */
export type AddressPolicy = {
  /** Named by the operator: allowed whatever it is, and without TLS too. */
  isListed(address: string): boolean
  isAllowed(address: string): boolean
}

/** Public addresses, and those of the given list (IP addresses and CIDR ranges). */
export function addressPolicy(allowed: readonly string[]): AddressPolicy {
  const reserved = rangesOf(RESERVED)
  const listed = rangesOf(allowed)
  const isListed = (address: string) => isIn(listed, address)
  return { isListed, isAllowed: (address) => isListed(address) || (isIP(address) !== 0 && !isIn(reserved, address)) }
}

function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family)
  }
  return list
}

const isIn = (list: BlockList, address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
