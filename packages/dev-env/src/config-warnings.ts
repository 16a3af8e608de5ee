import { isIP } from 'node:net'
import { addressPolicy } from '@keepr/shared/runtime/outbound/address-policy'
import type { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import type { TypeConfigFile } from '@keepr/shared/schemas/type-config'

type Outbound = { outboundAllowAddresses: readonly string[]; outboundAllowHttp: boolean }
type Configured = {
  types: TypeConfigFile | undefined
  subscribers: SubscriberConfigFile | undefined
  settings: Outbound
  /** What `npm start` makes of them. */
  underStart: Outbound
}

/** What each file may say, but not beside the other one and the settings. A file with mistakes is left out. */
export function configWarnings({ types, subscribers, settings, underStart }: Configured): string[] {
  const configured = Object.entries(types?.types ?? {})
  const targets = [
    ...configured.flatMap(([name, { validator }]) =>
      validator ? [{ of: `the validator of type ${name}`, ...validator }] : [],
    ),
    ...(subscribers?.subscribers ?? []).map((subscriber) => ({ of: `subscriber ${subscriber.name}`, ...subscriber })),
  ]
  const refused = targets.flatMap(({ of, url, allow_addresses }) => {
    const reasonUnder = (outbound: Outbound) =>
      refusalOf(url, { ...outbound, allowed: [...outbound.outboundAllowAddresses, ...allow_addresses] })
    const reason = reasonUnder(settings)
    if (reason === undefined) return []
    const how = reasonUnder(underStart) === undefined ? 'would be called by npm start only' : 'would not be called'
    return [`${of} ${how}: ${reason}`]
  })
  if (types === undefined) return refused
  const known = new Set(configured.map(([name]) => name))
  const unknown = (subscribers?.subscribers ?? []).flatMap(({ name, types: wanted = [] }) =>
    wanted
      .filter((type) => !known.has(type))
      .map((type) => `subscriber ${name} waits for the type ${type}, which is not configured`),
  )
  return [...unknown, ...refused]
}

/** Of what stands there literally; where a secret or a name leads is known when it is called. */
function refusalOf(
  template: string,
  { outboundAllowHttp, allowed }: { outboundAllowHttp: boolean; allowed: string[] },
) {
  const { protocol, hostname } = new URL(template.replaceAll(/\{\{[^{}]*\}\}/gu, 'secret'))
  if (/^https?:\/\/[^/?#]*\{\{/u.test(template)) return undefined
  const policy = addressPolicy(allowed)
  const address = hostname === 'localhost' ? '127.0.0.1' : hostname.replaceAll(/[[\]]/gu, '')
  if (isIP(address) !== 0 && !policy.isAllowed(address))
    return `${hostname} is a private address (see allow_addresses and OUTBOUND_ALLOW_ADDRESSES)`
  const mayBeListed = isIP(address) === 0 ? allowed.length > 0 : policy.isListed(address)
  return protocol === 'http:' && !outboundAllowHttp && !mayBeListed
    ? 'its URL is http and not https (see OUTBOUND_ALLOW_HTTP)'
    : undefined
}
