import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type CryptoKey, exportJWK, exportPKCS8, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createTokenVerifier } from '../src/token-verifier.ts'
import { portOf } from '@keepr/shared/runtime/port-of'
import { readSettings } from '@keepr/shared/runtime/settings'
import { OperatorMistake } from '@keepr/shared/runtime/start-or-tell'
import type { TokenIssuer } from '../src/token-issuer.ts'
import { readTokenIssuers } from '../src/token-issuers.ts'
import { aFile } from './a-file.ts'
import { startApi, type TestApi } from './start-api.ts'

type Pair = { publicKey: CryptoKey; privateKey: CryptoKey }
let api: TestApi
let keySet: { keys: JWK[] }
let fetches = 0
let down = false
let later = 2_000_000 // after all that other tests make of the clock
let broken: ((response: ServerResponse) => void) | undefined
let first: Pair
const issuerServer = createServer((_, response) => {
  fetches += 1
  if (down) return void response.destroy()
  if (broken) return broken(response)
  response.setHeader('content-type', 'application/json').end(JSON.stringify(keySet))
})

const pair = () => generateKeyPair('RS256', { extractable: true })
const jwk = async ({ publicKey }: Pair, kid: string) => ({ ...(await exportJWK(publicKey)), kid, alg: 'RS256' })
const token = (keys: Pair, kid: string, claims: object = {}) =>
  new SignJWT({ iss: 'https://one.test', aud: 'keepr', sub: 'alice', group_id: 'acme', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid })
    .setExpirationTime('1h')
    .sign(keys.privateKey)
const status = async (bearer: string, path = '/types') => (await api.bearer(bearer).get(path)).status

beforeAll(async () => {
  first = await pair()
  keySet = { keys: [await jwk(first, 'k1')] }
  issuerServer.listen(0, '127.0.0.1')
  await once(issuerServer, 'listening')
  const port = portOf(issuerServer)
  const issuer = (name: string, group: string) =>
    `  - issuer: https://${name}.test\n    audience: [keepr]\n    algorithms: [RS256]\n    jwks_url: http://127.0.0.1:${port}/${name}\n    group_prefix: "${group}:"\n    user_prefix: "${group}:"\n`
  await using file = await aFile(`issuers:\n${issuer('one', 'one')}${issuer('two', 'two')}`)
  api = await startApi({ JWT_SECRET: '', JWT_ISSUERS_FILE: file.path })
})
afterEach(() => vi.useRealTimers())
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  issuerServer.close()
})

test('each issuer has groups and users of its own', async () => {
  const who = async (iss: string) =>
    (await (
      await api.bearer(await token(first, 'k1', { iss })).submit({ name: 'mine', type: 'prompt', content: 1 })
    ).json()) as object
  expect(await who('https://one.test')).toMatchObject({ group_id: 'one:acme', created_by: 'one:alice' })
  expect(await who('https://two.test')).toMatchObject({ group_id: 'two:acme', created_by: 'two:alice', version: '1' })
  expect(await status(await token(first, 'k1', { iss: 'https://three.test' }))).toBe(401)
})

test('a public key is no secret, and keys in a token are not believed', async () => {
  const pem = new TextEncoder().encode(await exportSPKI(first.publicKey))
  const confused = await new SignJWT({ iss: 'https://one.test', aud: 'keepr', sub: 'a', group_id: 'g' })
    .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
    .setExpirationTime('1h')
    .sign(pem)
  const mine = await pair()
  const embedded = await new SignJWT({ iss: 'https://one.test', aud: 'keepr', sub: 'a', group_id: 'g' })
    .setProtectedHeader({ alg: 'RS256', jwk: await exportJWK(mine.publicKey), kid: '../../etc/passwd' })
    .setExpirationTime('1h')
    .sign(mine.privateKey)
  const endless = await token(first, 'k1', { exp: 1e300 }).then(() =>
    new SignJWT({ iss: 'https://one.test', aud: 'keepr', sub: 'a', group_id: 'g' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(first.privateKey),
  )
  expect(await Promise.all([confused, embedded, endless].map((one) => status(one)))).toEqual([401, 401, 401])
  for (const claims of [
    { sub: 7 },
    { sub: ' ' },
    { group_id: {} },
    { group_id: 'a\u0000b' },
    { nbf: 9_999_999_999 },
    { iat: 9_999_999_999 },
    { aud: [] },
  ]) {
    expect(await status(await token(first, 'k1', claims)), JSON.stringify(claims)).toBe(401)
  }
})

test('many unknown keys do not make many fetches', async () => {
  const before = fetches
  const stranger = await pair()
  const all = await Promise.all(
    Array.from({ length: 50 }, async (_, n) => await status(await token(stranger, `unknown-${n}`))),
  )
  expect(new Set(all)).toEqual(new Set([401]))
  expect(fetches - before).toBeLessThanOrEqual(1)
})

test('a key set that cannot be fetched is 503 with Retry-After', async () => {
  const other = await startApi({ JWT_JWKS_URL: 'http://127.0.0.1:1/keys', JWT_SECRET: '' })
  const res = await other.bearer(await token(first, 'k1')).get('/types')
  expect([res.status, res.headers.get('retry-after')]).toEqual([503, '5'])
  await other[Symbol.asyncDispose]()
})

test('a key that is taken away takes its tokens along, also those that were verified before', async () => {
  const second = await pair()
  const kept = await token(first, 'k1', { sub: 'kept' })
  const dropped = await token(second, 'k2', { sub: 'dropped' })
  keySet = { keys: [await jwk(first, 'k1'), await jwk(second, 'k2')] }
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 }) // a new key is looked for at most every ten seconds
  expect([await status(kept), await status(dropped)]).toEqual([200, 200])
  keySet = { keys: [await jwk(first, 'k1')] }
  expect(await status(dropped)).toBe(200)
  vi.setSystemTime(Date.now() + 300_001) // a key set is relied on for five minutes
  expect([await status(dropped), await status(kept)]).toEqual([401, 200])
})

test('keys that cannot be fetched again are 503 for every token, and no open door', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_000_000 }) // after all that other tests have made of it
  const known = await token(first, 'k1', { sub: 'known' })
  expect(await status(known)).toBe(200)
  down = true
  expect(await status(known)).toBe(200)
  vi.setSystemTime(Date.now() + 300_001)
  expect([await status(known), await status(await token(await pair(), 'k9'))]).toEqual([503, 503])
  down = false
  vi.setSystemTime(Date.now() + 11_000)
  expect([await status(known), await status(await token(await pair(), 'k9'))]).toEqual([200, 401])
})

test.each<[string, (response: ServerResponse) => void]>([
  ['breaks off', (response) => void response.writeHead(200, { 'content-length': 1000 }).write('{"keys":[', () => response.destroy())],
  ['is no key set', (response) => void response.end('{"error":"down for maintenance"}')],
  ['is no JSON', (response) => void response.end('<html>')],
  ['is elsewhere', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['is an error', (response) => void response.writeHead(500).end('{"keys":[]}')],
])('a key set that %s is 503 too: whose fault it is decides', async (_what, answer) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + (later += 1_000_000) }) // its set has to be fetched anew
  broken = answer
  const res = await api.bearer(await token(first, 'k1')).get('/types')
  broken = undefined
  expect([res.status, res.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await status(await token(first, 'k1'))).toBe(200)
}) // prettier-ignore

test('a token is not remembered under keys that came while it was verified', async () => {
  const [issuer] = await readTokenIssuers(settingsOf({ JWT_SECRET: 'a secret of this test, long enough for HS256' }))
  if (!issuer) throw new Error('there is one')
  const secret = new TextEncoder().encode('a secret of this test, long enough for HS256')
  let generation = 1
  let verified = 0
  const rotated: TokenIssuer = {
    ...issuer,
    keys: async () => {
      verified += 1
      if (verified === 1) generation += 1 // another request fetched a set without this key
      return secret
    },
    generation: () => generation,
  }
  const verifier = createTokenVerifier({ issuers: [rotated], clockToleranceMs: 0, maxRemembered: 3 })
  const signed = await new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', sub: 'a', group_id: 'g' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(secret)
  for (const times of [1, 2, 2]) {
    await verifier.verify(signed)
    expect(verified).toBe(times)
  }
})

test.each([
  ['RSA in PEM', 'RS256', async ({ publicKey }: Pair) => await exportSPKI(publicKey)],
  ['RSA as a JWK', 'RS256', async ({ publicKey }: Pair) => JSON.stringify(await exportJWK(publicKey))],
  ['an elliptic curve as a JWK', 'ES256', async ({ publicKey }: Pair) => JSON.stringify(await exportJWK(publicKey))],
  ['Ed25519 in PEM', 'EdDSA', async ({ publicKey }: Pair) => await exportSPKI(publicKey)],
  [
    'a set of two',
    'RS256',
    async (own: Pair) => JSON.stringify({ keys: [await jwk(first, 'other'), await jwk(own, 'k')] }),
  ],
])('a file with a public key verifies its tokens and nobody else’s: %s', async (_what, alg, write) => {
  const [own, other] = await Promise.all([generateKeyPair(alg, { extractable: true }), generateKeyPair(alg)])
  await using file = await aFile(await write(own))
  const issuer = await issuerOf({ JWT_PUBLIC_KEY_FILE: file.path })
  const sign = (key: CryptoKey) =>
    new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', sub: 'a', group_id: 'g' })
      .setProtectedHeader({ alg, kid: 'k' })
      .setExpirationTime('1h')
      .sign(key)
  const verifier = createTokenVerifier({ issuers: [issuer], clockToleranceMs: 0, maxRemembered: 10 })
  expect(await verifier.verify(await sign(own.privateKey))).toMatchObject({ actor: { userId: 'a', groupId: 'g' } })
  await expect(verifier.verify(await sign(other.privateKey))).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('an issuer whose keys have no ids may have two while it changes them, and a stranger is none of them', async () => {
  const [own, next, stranger] = await Promise.all([pair(), pair(), pair()])
  const nameless = async ({ publicKey }: Pair) => ({ ...(await exportJWK(publicKey)), alg: 'RS256' })
  const set = { keys: [await nameless(own), { kty: 'RSA', n: '!', e: 'AQAB' }, await nameless(next)] }
  const server = createServer((_, response) => response.end(JSON.stringify(set))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = await issuerOf({ JWT_JWKS_URL: `http://127.0.0.1:${portOf(server)}/keys` })
  const verifier = createTokenVerifier({ issuers: [issuer], clockToleranceMs: 0, maxRemembered: 10 })
  const verified = async ({ privateKey }: Pair) =>
    await verifier.verify(
      await new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', sub: 'a', group_id: 'g' })
        .setProtectedHeader({ alg: 'RS256' })
        .setExpirationTime('1h')
        .sign(privateKey),
    )
  for (const keys of [own, next]) expect(await verified(keys)).toMatchObject({ actor: { userId: 'a' } })
  await expect(verified(stranger)).rejects.toMatchObject({ code: 'unauthenticated' })
  server.close()
})

test('a file with a secret in it is refused at the start', async () => {
  const { privateKey } = await pair()
  const secrets = [
    JSON.stringify(await exportJWK(privateKey)),
    JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }),
    await exportPKCS8(privateKey),
    'not a key',
  ]
  for (const text of secrets) {
    await using file = await aFile(text)
    await expect(issuerOf({ JWT_PUBLIC_KEY_FILE: file.path })).rejects.toThrow('expected a public key')
    await expect(issuerOf({ JWT_PUBLIC_KEY_FILE: file.path })).rejects.toThrow(OperatorMistake)
  }
})

test.each(['JWT_PUBLIC_KEY_FILE', 'JWT_ISSUERS_FILE'])('%s that cannot be read is told by its name', async (name) => {
  const reading = issuerOf({ [name]: '/nowhere/keys' })
  await expect(reading).rejects.toThrow(`${name}: expected a file that can be read, but: ENOENT`)
  await expect(reading).rejects.toThrow(OperatorMistake)
})

test.each([
  ['none', ''],
  ['both', '\n    jwks_url: https://one.test/keys\n    public_key_file: /nowhere/key'],
])('an issuer of several has its keys in one place: %s is told with its line', async (_what, keys) => {
  const one = `  - issuer: https://one.test\n    audience: [keepr]\n    algorithms: [RS256]\n    group_prefix: "g:"\n    user_prefix: "u:"`
  await using file = await aFile(`issuers:\n${one}${keys}\n`)
  await expect(issuerOf({ JWT_ISSUERS_FILE: file.path })).rejects.toThrow(
    `${file.path}:2:5: expected exactly one of jwks_url and public_key_file (issuers.0)`,
  )
})

test("the operators' guide shows a file of several issuers that is taken", async () => {
  const page = await readFile(new URL('../../../docs/OPERATIONS.md', import.meta.url), 'utf8')
  await using file = await aFile(/```yaml\n(issuers:.*?)```/su.exec(page)?.[1] ?? '')
  expect(await issuerOf({ JWT_ISSUERS_FILE: file.path })).toMatchObject({ groupPrefix: 'one-', userPrefix: 'one-' })
})

test('roles come from the configured claim, by its name or by a path', async () => {
  const scoped = await startApi({ JWT_ROLES_CLAIM: 'scope', JWT_GROUP_CLAIM: 'realm.group' })
  const submit = async (claims: object) =>
    (
      await scoped
        .bearer(await scoped.sign({ sub: 'a', realm: { group: 'g' }, ...claims }))
        .submit({ name: 'n', type: 'prompt', content: 1, draft: true })
    ).status
  expect(await submit({ scope: 'openid profile author' })).toBe(201)
  expect(await submit({ scope: 'openid profile' })).toBe(403)
  expect(await submit({ scope: 'openid', roles: ['admin'] })).toBe(403)
  expect(await submit({})).toBe(201)
  expect(await submit({ realm: { group: ['g'] } })).toBe(401)
  expect(await submit({ realm: 'g' })).toBe(401)
  await scoped[Symbol.asyncDispose]()
})

test('verified tokens are remembered, no more than so many, and not beyond their end', async () => {
  let verified = 0
  const secret = new TextEncoder().encode('a secret of this test, long enough for HS256')
  const [issuer] = await readTokenIssuers(settingsOf({ JWT_SECRET: 'a secret of this test, long enough for HS256' }))
  if (!issuer) throw new Error('there is one')
  const counted: TokenIssuer = {
    ...issuer,
    keys: async () => {
      verified += 1
      return secret
    },
  }
  const verifier = createTokenVerifier({ issuers: [counted], clockToleranceMs: 0, maxRemembered: 3 })
  const sign = (sub: string, expiresS: number) =>
    new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', sub, group_id: 'g' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(Date.now() / 1000) + expiresS)
      .sign(secret)
  const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((sub) => sign(sub, 3600)))
  const [a = '', b = '', c = '', d = ''] = tokens
  for (const one of [a, a, b, c, a, c, b]) await verifier.verify(one)
  expect(verified).toBe(3)
  await verifier.verify(d) // the one that was used longest ago goes
  await verifier.verify(a)
  expect(verified).toBe(5)
  const short = await sign('short', 60)
  await verifier.verify(short)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  await expect(verifier.verify(short)).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('what a connection sent last is known by it, and only as long as it is good', async () => {
  const secret = new TextEncoder().encode('a secret of this test, long enough for HS256')
  const [issuer] = await readTokenIssuers(settingsOf({ JWT_SECRET: 'a secret of this test, long enough for HS256' }))
  if (!issuer) throw new Error('there is one')
  let generation = 1
  let verified = 0
  const keys = async () => {
    verified += 1
    return secret
  }
  const counted: TokenIssuer = { ...issuer, keys, generation: () => generation }
  const verifier = createTokenVerifier({ issuers: [counted], clockToleranceMs: 0, maxRemembered: 1 })
  const sign = (sub: string) =>
    new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', sub, group_id: 'g' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(Date.now() / 1000) + 60)
      .sign(secret)
  const [a, b] = [await sign('a'), await sign('b')]
  const [one, other] = [{}, {}]
  const who = async (token: string, connection: object) => (await verifier.verify(token, connection)).actor.userId
  for (const connection of [one, one, other, other]) expect(await who(a, connection)).toBe('a')
  expect([await who(b, other), await who(b, other)]).toEqual(['b', 'b']) // now only this one is remembered by its hash
  expect(verified).toBe(2)
  expect([await who(a, one), verified]).toEqual(['a', 2])
  expect([await who(a, other), await who(b, one)]).toEqual(['a', 'b'])
  generation += 1 // keys have changed
  const before = verified
  expect([await who(b, one), verified - before]).toEqual(['b', 1])
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  await expect(verifier.verify(b, one)).rejects.toMatchObject({ code: 'unauthenticated' })
})

const settingsOf = (env: Record<string, string>) =>
  readSettings({ DATABASE_URL: 'postgres://nowhere', JWT_ISSUER: 'https://issuer.test', JWT_AUDIENCE: 'keepr', ...env }, 'api') // prettier-ignore

async function issuerOf(env: Record<string, string>): Promise<TokenIssuer> {
  const [issuer] = await readTokenIssuers(settingsOf(env))
  if (!issuer) throw new Error('the settings name one')
  return issuer
}
