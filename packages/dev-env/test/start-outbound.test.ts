import { addressPolicy } from '@keepr/shared/runtime/outbound/address-policy'
import { readSettings } from '@keepr/shared/runtime/settings'
import { expect, test } from 'vitest'
import { startOutbound } from '../src/start-outbound.ts'

test.each([
  [{}, { here: true, lan: false, http: true }],
  [{ OUTBOUND_ALLOW_ADDRESSES: '' }, { here: true, lan: false, http: true }],
  [{ OUTBOUND_ALLOW_ADDRESSES: '10.0.0.0/8' }, { here: true, lan: true, http: true }],
  [{ OUTBOUND_ALLOW_HTTP: 'false' }, { here: true, lan: false, http: false }],
])('npm start calls this machine, and what the environment allows: %j', (environment, may) => {
  const settings = readSettings(startOutbound(environment), ['OUTBOUND_ALLOW_ADDRESSES', 'OUTBOUND_ALLOW_HTTP'])
  const policy = addressPolicy(settings.outboundAllowAddresses)
  expect({
    here: policy.isAllowed('127.0.0.1') && policy.isAllowed('::1'),
    lan: policy.isAllowed('10.0.0.1'),
    http: settings.outboundAllowHttp,
  }).toEqual(may)
})
