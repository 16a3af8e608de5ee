import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { checkConformance } from '../src/checkr-conformance/check-conformance.ts'
import { startSampleCheckr } from '../src/sample-checkr/server.ts'

const outbound = createOutbound({ outboundAllowAddresses: ['127.0.0.1'], outboundAllowHttp: true })
let careless: Server
let url: string
beforeAll(async () => {
  careless = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"valid":true}'))
  }).listen(0, '127.0.0.1')
  await once(careless, 'listening')
  url = urlOf(careless)
})
afterAll(async () => {
  careless.close()
  await outbound.close()
})

function urlOf(server: Server): string {
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`
}
const check = (target: string) =>
  checkConformance(outbound, {
    url: target,
    method: 'POST',
    headers: {},
    type: 'script',
    kind: 'text',
    content: undefined,
    timeoutMs: 5000,
  })

describe('the conformance kit', () => {
  it.each(['', '?mode=later'])('finds that the sample Checkr keeps the contract (%s)', async (mode) => {
    await using checkr = await startSampleCheckr({ port: await getPort(), token: 'unused' })
    const results = await check(`http://127.0.0.1:${checkr.port}/sast-check${mode}`)
    expect(results.filter(({ verdict }) => verdict === 'broken')).toEqual([])
    expect(results.length).toBeGreaterThan(4)
  })

  it('finds out a validator that finds everything valid, also what is no JSON', async () => {
    const results = await check(url)
    expect(results).toContainEqual(
      expect.objectContaining({ verdict: 'broken', rule: expect.stringContaining('no JSON') }),
    )
  })

  it('finds out findings that lack a member or have another', async () => {
    await using server = createServer((request, response) => {
      const findings = [{ message: 'no TODOs please' }, { severity: 1, code: 'todo', message: 'no TODOs please' }]
      request.resume().on('end', () => response.end(JSON.stringify({ valid: false, findings })))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const results = await check(urlOf(server))
    expect(results).toContainEqual(
      expect.objectContaining({
        verdict: 'broken',
        detail: expect.stringMatching(/findings\.0\.severity.*findings\.1\.severity/),
      }),
    )
    expect(results).toContainEqual(expect.objectContaining({ rule: expect.stringContaining('failed, 2 findings') }))
  })

  it('says what is wrong when there is no verdict', async () => {
    const results = await check('http://127.0.0.1:1/')
    expect(results).toEqual([expect.objectContaining({ verdict: 'broken', detail: expect.stringContaining('failed') })])
  })
})
