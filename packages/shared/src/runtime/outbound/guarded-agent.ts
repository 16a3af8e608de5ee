import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import type { AddressPolicy } from './address-policy.ts'

/** The address that a connection would go to is not one that may be called. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/** All addresses of a name; node:dns' own, unless names are looked up in some other way. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const CONNECT_TIMEOUT_MS = 3000

/**
 * Connections are made only to addresses that were checked: the address looked up is the one dialled, so that a name
 * cannot point elsewhere a moment later; and addresses written into a URL, which are never looked up, are checked too. How many
 * calls there are at once is bounded by those who make them, and not by origin: of what stands behind one gateway one part may hang.
 */
export function guardedAgent(policy: AddressPolicy, allowHttp: boolean, lookup: Lookup): Agent {
  const mayDial = (address: string, secure: boolean) =>
    policy.isAllowed(address) && (secure || allowHttp || policy.isListed(address))
  const options = (secure: boolean) => ({
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(lookup, (address) => mayDial(address, secure)),
  })
  const secureConnect = buildConnector(options(true))
  const plainConnect = buildConnector(options(false))
  return new Agent({
    pipelining: 1,
    keepAliveTimeout: 4000,
    maxHeaderSize: 16_384,
    connect(target, callback) {
      const secure = target.protocol === 'https:'
      const host = target.hostname.replace(/^\[(.*)\]$/, '$1')
      if (isIP(host) !== 0 && !mayDial(host, secure)) return callback(new AddressRefused(refusal(host)), null)
      return (secure ? secureConnect : plainConnect)(target, callback)
    },
  })
}

const guardedLookup =
  (lookup: Lookup, mayDial: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const [first] = addresses
      if (first === undefined || !addresses.every(({ address }) => mayDial(address)))
        return callback(new AddressRefused(refusal(hostname)), [])
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family)
    })
  }

const refusal = (host: string) =>
  `${host} is not an address that may be called (private or reserved, or without TLS; see OUTBOUND_ALLOW_ADDRESSES)`
