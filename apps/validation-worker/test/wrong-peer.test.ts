import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Server } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { portOf } from '@keepr/shared/runtime/port-of'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { dnsPeer } from './support/dns-peer.ts'
import { faultStories } from './support/fault-stories.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'

const dns = await dnsPeer()
const { worker, peer } = await setUp((hostname, options, callback) =>
  hostname === 'localhost'
    ? callback(null, [{ address: '127.0.0.1', family: 4 }])
    : dns.lookup(hostname, options, callback),
)
const { aType, recovers, failsThenRecovers } = faultStories(worker)
const fixture = (file: string) => readFileSync(new URL(`./fixtures/${file}`, import.meta.url), 'utf8')
const trusted = getCACertificates('default')
beforeAll(() => setDefaultCACertificates([...trusted, fixture('authority.pem')]))
afterAll(() => setDefaultCACertificates(trusted))
afterAll(() => dns[Symbol.asyncDispose]())

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return portOf(server)
}

/** A validator behind TLS, which would find everything valid. */
async function tlsValidator(cert: string): Promise<{ url: string; calls: () => number }> {
  let calls = 0
  const server = createTlsServer({ key: fixture('key.pem'), cert: fixture(cert) }, (_request, response) => {
    calls += 1
    response.end('{"valid":true}')
  })
  return { url: `https://localhost:${await listening(server)}/check`, calls: () => calls }
}

describe('a validator that cannot show who it is is not asked', () => {
  const movesTo = (type: string, url: string) =>
    worker.configure({ [type]: { requires_validation: true, validator: { url, timeout: '5s' } } })

  it.each([
    ['that nobody signed', 'self-signed.pem', /^connection_failed.*SELF_SIGNED/],
    ['that has expired', 'expired.pem', /^connection_failed.*CERT_HAS_EXPIRED/],
    ['of another host', 'other-host.pem', /^connection_failed.*ERR_TLS_CERT_ALTNAME_INVALID/],
  ])('its certificate is one %s', async (_what, cert, reason) => {
    const stranger = await tlsValidator(cert)
    const type = aType(stranger.url, { timeout: '5s' })
    // Only the certificate is exchanged: with one that is in order the same call passes.
    const { url } = await tlsValidator('trusted.pem')
    await failsThenRecovers(type, reason, () => movesTo(type, url))
    expect(stranger.calls()).toBe(0)
  })
})

describe('a name leads only where it may', () => {
  let names = 0
  /** A name of the test's own: a connection that is kept alive would be used without another look. */
  const named = () => `http://checkr-${++names}.test:${new URL(peer.url).port}/check`

  it.each([
    ['does not exist', 'NXDOMAIN', /^connection_failed.*ENOTFOUND/],
    ['cannot be looked up', 'SERVFAIL', /^connection_failed.*ESERVFAIL/],
  ] as const)('a name that %s is an error until it is there', async (_what, answer, reason) => {
    dns.say(answer)
    peer.behave(json(200, { valid: true }))
    await failsThenRecovers(aType(named()), reason, () => dns.say(['127.0.0.1']))
  })

  it('a name that points elsewhere after it was first used is not followed there', async () => {
    let connections = 0
    const internal = createServer((socket) => {
      connections += 1
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"valid":true}')
    })
    internal.listen(Number(new URL(peer.url).port), '127.0.0.2')
    await once(internal, 'listening')
    onTestFinished(() => void internal.close())
    dns.say(['127.0.0.1'])
    const closing = { connection: 'close' }
    peer.behave(json(202, {}, { ...closing, location: '/later', 'retry-after': '0' }))
    const artifact = await worker.submit({ type: aType(named()) })
    await worker.work(artifact)
    expect((await worker.stateOf(artifact)).run).toMatchObject({ state: 'running' })

    for (const rebound of [['127.0.0.2'], ['127.0.0.1', '127.0.0.2']]) {
      dns.say(rebound)
      const asked = dns.asked
      await worker.work(artifact)
      const { run, tries } = await worker.stateOf(artifact)
      expect(run).toMatchObject({ state: 'error', attempts: 1 })
      expect(tries.at(-1)?.reason).toMatch(/^address_not_allowed/)
      expect(dns.asked).toBeGreaterThan(asked)
    }
    expect(connections).toBe(0)
    dns.say(['127.0.0.1'])
    peer.behave(json(200, { valid: true }, closing))
    await recovers(artifact)
  })
})
