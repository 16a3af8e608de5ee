import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from './start-api.ts'

type Pair = { publicKey: CryptoKey; privateKey: CryptoKey }
let api: TestApi
let keySet: { keys: JWK[] }
let fetches = 0
let down = false
let first: Pair
const issuerServer = createServer((_, response) => {
  fetches += 1
  if (down) return void response.destroy()
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
  const address = issuerServer.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const folder = await mkdtemp(join(tmpdir(), 'keepr-issuers-'))
  const file = join(folder, 'issuers.yaml')
  const issuer = (name: string, group: string) =>
    `  - issuer: https://${name}.test\n    audience: [keepr]\n    algorithms: [RS256]\n    jwks_url: http://127.0.0.1:${port}/${name}\n    group_prefix: "${group}:"\n    user_prefix: "${group}:"\n`
  await writeFile(file, `issuers:\n${issuer('one', 'one')}${issuer('two', 'two')}`)
  api = await startApi({ JWT_SECRET: '', JWT_ISSUERS_FILE: file })
})
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
