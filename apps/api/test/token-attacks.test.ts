import { createServer } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { portOf } from '@keepr/shared/runtime/port-of'
import { CompactEncrypt, type CryptoKey, exportJWK, exportSPKI, FlattenedSign, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { listen, type Listening } from '../src/listen.ts'
import { aFile } from './a-file.ts'
import { startApi, type TestApi } from './start-api.ts'

type Pair = { publicKey: CryptoKey; privateKey: CryptoKey }
const claims = { iss: 'https://issuer.test', aud: 'keepr', sub: 'alice', group_id: 'acme' }
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

let keys: Pair
let stranger: Pair
let pem: string
let api: TestApi
let server: Listening
let keyFetches = 0
/** Where a token might make a careless verifier look for a key. */
const trap = createServer((_, response) => {
  keyFetches += 1
  response.end('{"keys":[]}')
})
let trapUrl: string

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true })
  stranger = await generateKeyPair('RS256', { extractable: true })
  pem = await exportSPKI(keys.publicKey)
  await using file = await aFile(pem)
  api = await startApi({ JWT_SECRET: '', JWT_PUBLIC_KEY_FILE: file.path, JWT_ALGORITHMS: 'RS256' })
  server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 })
  trap.listen(0, '127.0.0.1')
  await once(trap, 'listening')
  trapUrl = `http://127.0.0.1:${portOf(trap)}/keys`
})
afterAll(async () => {
  trap.close()
  await server.close()
  await api[Symbol.asyncDispose]()
})

const sign = (payload: object, header: object = {}, key: CryptoKey | Uint8Array = keys.privateKey) =>
  new SignJWT({ ...claims, exp: inAnHour(), ...payload }).setProtectedHeader({ alg: 'RS256', ...header }).sign(key)

/** A signature over a payload as text: what JSON.stringify would never write. */
async function signText(payload: string, header: object = {}) {
  const signed = await new FlattenedSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'RS256', ...header })
    .sign(keys.privateKey)
  return `${signed.protected}.${signed.payload}.${signed.signature}`
}
const text = (members: string) => `{"iss":"https://issuer.test","aud":"keepr","sub":"alice",${members}}`

const attacks: [string, () => Promise<string> | string][] = [
  ['no signature algorithm', () => `${encode({ alg: 'none' })}.${encode({ ...claims, exp: inAnHour() })}.`],
  ['no signature algorithm, in other letters', () => `${encode({ alg: 'NoNe' })}.${encode({ ...claims, exp: inAnHour() })}.AA`],
  ['a signature that was cut off', async () => `${(await sign({})).split('.').slice(0, 2).join('.')}.`],
  ['a payload that was exchanged', async () => {
    const [head, , signature] = (await sign({})).split('.')
    return `${head}.${encode({ ...claims, group_id: 'victim', exp: inAnHour() })}.${signature}`
  }],
  ['the public key as a shared secret', () => sign({}, { alg: 'HS256' }, new TextEncoder().encode(pem))],
  ['an algorithm that is not allowed (PS256)', async () => sign({}, { alg: 'PS256' }, (await generateKeyPair('PS256')).privateKey)],
  ['an algorithm that is not allowed (ES256)', async () => sign({}, { alg: 'ES256' }, (await generateKeyPair('ES256')).privateKey)],
  ['the key of a stranger', () => sign({}, {}, stranger.privateKey)],
  ['the key of a stranger, in the token', async () => sign({}, { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey)],
  ['a key to be fetched (jku)', () => sign({}, { jku: trapUrl }, stranger.privateKey)],
  ['a key to be fetched (x5u)', () => sign({}, { x5u: trapUrl }, stranger.privateKey)],
  ['a path as the id of a key', () => sign({}, { kid: '../../../../dev/null' }, stranger.privateKey)],
  ['SQL as the id of a key', () => sign({}, { kid: "' or 1=1 --" }, stranger.privateKey)],
  ['a long id of a key', () => sign({}, { kid: 'k'.repeat(4000) }, stranger.privateKey)],
  ['an unknown critical extension', async () => {
    // SignJWT refuses to make one.
    const head = encode({ alg: 'RS256', crit: ['x'], x: 1 })
    const { signature } = await new FlattenedSign(Buffer.from(encode({ ...claims, exp: inAnHour() }), 'base64url')).setProtectedHeader({ alg: 'RS256' }).sign(keys.privateKey)
    return `${head}.${encode({ ...claims, exp: inAnHour() })}.${signature}`
  }],
  ['an unencoded payload (b64)', async () => {
    const signed = await new FlattenedSign(Buffer.from(JSON.stringify({ ...claims, exp: inAnHour() }))).setProtectedHeader({ alg: 'RS256', b64: false, crit: ['b64'] }).sign(keys.privateKey)
    return `${signed.protected}.${encode({ ...claims, exp: inAnHour() })}.${signed.signature}`
  }],
  ['another audience', () => sign({ aud: 'another' })],
  ['no audience', () => sign({ aud: undefined })],
  ['an empty list of audiences', () => sign({ aud: [] })],
  ['another issuer', () => sign({ iss: 'https://evil.test' })],
  ['the issuer with a slash at the end', () => sign({ iss: 'https://issuer.test/' })],
  ['no issuer', () => sign({ iss: undefined })],
  ['the end in the past', () => sign({ exp: inAnHour() - 7200 })],
  ['no end', () => sign({ exp: undefined })],
  ['an end as text', () => signText(text(`"group_id":"acme","exp":"${inAnHour()}"`))],
  ['an end that never comes', () => signText(text('"group_id":"acme","exp":1e400'))],
  ['an end beyond all numbers', () => signText(text('"group_id":"acme","exp":1e300'))],
  ['a beginning in the future', () => sign({ nbf: inAnHour() })],
  ['an issue in the future', () => sign({ iat: inAnHour() })],
  ['no group', () => sign({ group_id: undefined })],
  ['no group at all (null)', () => sign({ group_id: null })],
  ['an empty group', () => sign({ group_id: '' })],
  ['a blank group', () => sign({ group_id: ' ' })],
  ['two groups', () => sign({ group_id: ['acme', 'umbrella'] })],
  ['a group that is an object', () => sign({ group_id: { acme: true } })],
  ['a group that is a number', () => sign({ group_id: 7 })],
  ['a group with a control character', () => sign({ group_id: 'acme\u0000' })],
  ['a group that is too long', () => sign({ group_id: 'g'.repeat(256) })],
  ['half a character in the group', () => signText(text(`"group_id":"\\ud800","exp":${inAnHour()}`))],
  ['no user', () => sign({ sub: undefined })],
  ['a user that is a list', () => signText(`{"iss":"https://issuer.test","aud":"keepr","group_id":"acme","sub":["alice"],"exp":${inAnHour()}}`)],
  ['the name of a service', () => sign({ sub: 'system:validation-worker' })],
  ['a payload that is a list', () => signText('[]')],
  ['a payload that is no JSON', () => signText('{')],
  ['a header that is no JSON', () => `${encode('{')}.${encode(claims)}.AA`],
  ['an encrypted token', async () => {
    const secret = new Uint8Array(32)
    return await new CompactEncrypt(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(secret)
  }],
  ['two dots', () => '..'],
  ['words', () => 'let.me.in'],
  ['a space at the end', async () => `${await sign({})} x`],
  ['many bytes', () => sign({ padding: 'p'.repeat(9000) })],
] // prettier-ignore

describe('a token with', () => {
  test.each(attacks)('%s is answered 401 with a problem', async (_what, make) => {
    const res = await api.bearer(await make()).get('/types')
    expect([res.status, res.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
    expect(res.headers.get('www-authenticate')).toMatch(/^Bearer /u)
    expect(await res.json()).toMatchObject({ type: 'urn:keepr:problem:unauthenticated', status: 401 })
    expect(keyFetches).toBe(0)
  })

  test('an end in the past, or another claim that is not taken, is told as that, if it is genuine; who sends none is told what to send', async () => {
    const answer = async (token: string): Promise<unknown> => await (await api.bearer(token).get('/types')).json()
    const expired = await sign({ exp: inAnHour() - 7200 })
    expect(await answer(expired)).toMatchObject({ detail: 'The token has expired.' })
    const forged = expired.replace(/[^.]+$/u, 'AAAA')
    expect(await answer(forged)).toMatchObject({ detail: 'A valid bearer token is needed.' })
    for (const [name, wrong] of Object.entries({
      aud: { aud: 'x' },
      iss: { iss: 'x' },
      group_id: { group_id: 7 },
      sub: { sub: '' },
    }))
      expect(await answer(await sign(wrong))).toMatchObject({
        detail: `The token's claim ${name} is missing, or not what is taken here.`,
      })
    expect(await answer(await sign({ aud: 'x' }, {}, stranger.privateKey))).toMatchObject({
      detail: 'A valid bearer token is needed.',
    })
    expect(await answer('')).toMatchObject({ detail: 'Send one field `Authorization: Bearer <JWT>`.' })
  })

  test('nothing wrong is believed, and so is one with members that nobody asked for', async () => {
    expect((await api.bearer(await sign({})).get('/types')).status).toBe(200)
    expect((await api.bearer(await sign({ aud: ['other', 'keepr'], extra: { a: 1 } })).get('/types')).status).toBe(200)
  })

  test('a group twice means what the verifier read, nothing else', async () => {
    const twice = await signText(text(`"group_id":"victim","group_id":"acme","exp":${inAnHour()}`))
    const made = await api.bearer(twice).submit({ name: 'twice', type: 'prompt', content: 1 })
    expect(await made.json()).toMatchObject({ group_id: 'acme' })
  })

  test('the group in other letters is another group', async () => {
    await api.bearer(await sign({})).submit({ name: 'letters', type: 'prompt', content: 1 })
    expect((await api.bearer(await sign({ group_id: 'ACME' })).get('/artifacts/letters/1')).status).toBe(404)
  })
})

describe('a request with', () => {
  /** Sends it as it is; a client library would put it right. */
  async function raw(lines: readonly string[]): Promise<string> {
    const socket = connect(server.port, '127.0.0.1')
    socket.write([...lines, 'Connection: close', '', ''].join('\r\n'))
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    return answer
  }
  const get = (...headers: string[]) => raw(['GET /types HTTP/1.1', 'Host: keepr.test', ...headers])

  test('two tokens, or one that is not a bearer’s, is answered 401', async () => {
    const token = await sign({})
    for (const scheme of ['Bearer', 'bearer ', 'Bearer   '])
      expect(await get(`Authorization: ${scheme} ${token}`)).toMatch(/^HTTP\/1\.1 200 /u)
    for (const headers of [
      [`Authorization: Bearer ${token}`, `Authorization: Bearer ${await sign({ group_id: 'victim' })}`],
      [`Authorization: Bearer ${token}`, `authorization: Bearer ${token}`],
      [`Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}`],
      ['Authorization: Bearer'],
      ['Authorization: Bearer '],
      [`Authorization: ${token}`],
      [`X-User-Id: alice`, 'X-Group-Id: acme', 'X-Forwarded-User: alice'],
    ]) {
      expect(await get(...headers), headers.join()).toMatch(/^HTTP\/1\.1 401 .*application\/problem\+json/su)
    }
    const inQuery = await raw([`GET /types?access_token=${token} HTTP/1.1`, 'Host: keepr.test'])
    expect(inQuery).toMatch(/^HTTP\/1\.1 401 /u)
  })

  test('a token of 100 KB is refused for its size, with a problem', async () => {
    const answer = await get(`Authorization: Bearer ${await sign({ padding: 'p'.repeat(75_000) })}`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 .*application\/problem\+json/su)
    expect(answer).toContain('urn:keepr:problem:headers-too-large')
  })

  test('identity in other header fields changes nothing', async () => {
    const token = await sign({})
    const headers = { 'x-group-id': 'victim', 'x-user-id': 'root', 'x-roles': 'admin', forwarded: 'for=root' }
    const made = await api.bearer(token).submit({ name: 'headers', type: 'prompt', content: 1 }, headers)
    expect(await made.json()).toMatchObject({ group_id: 'acme', created_by: 'alice' })
  })
})
