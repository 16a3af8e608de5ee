import { createServer as createSocketServer, type Server } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { portOf } from '@keepr/shared/runtime/port-of'
import { describe, expect, it } from 'vitest'
import { type Behaviour, httpPeer, json, raw } from './support/http-peer.ts'
import { faultStories } from './support/fault-stories.ts'
import { setUp } from './support/set-up.ts'

const { worker, peer } = await setUp()
const { aType, recovers, failsThenRecovers } = faultStories(worker)

const drip: Behaviour = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}
const endless: Behaviour = (_request, response) => {
  response.writeHead(200)
  const block = Buffer.alloc(16_384, 0x20)
  const more = () => {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', more)
  more()
}
const passed = { valid: true }
const otherHash = 'f'.repeat(64)

const faults: [string, Behaviour, RegExp][] = [
  ['it never answers', () => {}, /^timeout/],
  ['it drips its answer for ever', drip, /^timeout/],
  ['it resets the connection', (_request, _response, socket) => socket.resetAndDestroy(), /^connection_failed/],
  [
    'it closes in the middle of the answer',
    (_r, response, socket) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"valid":')
      setImmediate(() => socket.destroy())
    },
    /^connection_failed/,
  ],
  ['its answer has no end', endless, /^response_too_large/],
  [
    'its answer is a compressed bomb',
    raw(200, gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }),
    /^response_encoded/,
  ],
  ['its headers are huge', raw(200, '{"valid":true}', { 'x-filler': 'x'.repeat(100_000) }), /^connection_failed/],
  ['it redirects in a loop', raw(302, '', { location: '/check' }), /^validator_redirect/],
  [
    'it redirects to a metadata address',
    raw(307, '', { location: 'http://169.254.169.254/latest' }),
    /^validator_redirect/,
  ],
  ['it answers with a page', raw(200, '<html>all good</html>'), /cannot be used/],
  ['it answers with nothing', raw(200, ''), /cannot be used/],
  ['it answers null', json(200, null), /cannot be used/],
  ['it answers a list', json(200, []), /cannot be used/],
  ['its verdict is a text', json(200, { valid: 'true' }), /cannot be used/],
  ['its verdict is a number', json(200, { valid: 1 }), /cannot be used/],
  ['its verdict has another name', json(200, { verdict: 'PASS' }), /cannot be used/],
  ['it says both', raw(200, '{"valid":false,"valid":true}'), /duplicate key/],
  ['it is not UTF-8', raw(200, Buffer.from([0x7b, 0xff, 0x7d])), /cannot be used/],
  ['it says 422 and valid', json(422, passed), /cannot be used/],
  ['its verdict is for other content', json(200, { ...passed, content_hash: otherHash }), /^verdict_mismatch/],
  ['it is overloaded', json(503, passed), /503/],
  ['it is wrong inside', json(500, passed), /500/],
  ['it asks for less', json(429, passed), /429/],
  ['it does not know us', json(401, passed), /401/],
  ['it forbids', json(403, passed), /403/],
  ['it is not there', json(404, passed), /404/],
  ['it answers 204', raw(204, ''), /204/],
  ['its 202 points nowhere', json(202, passed), /cannot be used/],
  ['its 202 points elsewhere', json(202, passed, { location: 'http://169.254.169.254/latest' }), /own origin/],
  ['its 202 asks for a secret', json(202, passed, { location: '/later?token={{OTHER_SECRET}}' }), /placeholder/],
]

describe('when something is wrong with a validator, nothing is published, lost or judged twice', () => {
  it.each(faults)('%s', async (_what, behaviour, reason) => {
    peer.behave(behaviour)
    await failsThenRecovers(aType(`${peer.url}/check`), reason, () => peer.behave(json(200, passed)))
  })

  it('it refuses connections', async () => {
    const socket = await listening(createSocketServer())
    const { port } = socket
    await socket.close()
    const type = aType(`http://127.0.0.1:${port}/check`)
    await failsThenRecovers(type, /^connection_failed/, () => {
      peer.behave(json(200, passed))
      worker.configure({ [type]: { requires_validation: true, validator: { url: peer.url } } })
    })
  })

  it.each(['http://169.254.169.254/latest', 'http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'http://0x0a000001/'])(
    'its address is not allowed: %s',
    async (url) => {
      const type = aType(url)
      await failsThenRecovers(type, /^address_not_allowed/, () => {
        peer.behave(json(200, passed))
        worker.configure({ [type]: { requires_validation: true, validator: { url: peer.url } } })
      })
    },
  )

  it.each([
    ['120', 119_000, 120_001],
    [new Date(Date.now() + 200_000).toUTCString(), 150_000, 200_001],
    ['1000000000', 899_000, 900_001],
    ['-5', 1, 2_001],
    ['soon', 1, 2_001],
    ['', 1, 2_001],
  ])('it asks to wait with Retry-After: %s', async (value, least, most) => {
    peer.behave(json(429, {}, { 'retry-after': value }))
    const artifact = await worker.submit({ type: aType(`${peer.url}/check`) })
    await worker.work(artifact)
    const { message } = await worker.stateOf(artifact)
    expect(message?.due_in_ms).toBeGreaterThan(least - 1000)
    expect(message?.due_in_ms).toBeLessThan(most)
    peer.behave(json(200, passed))
    await recovers(artifact)
  })

  it('it fails every other time', async () => {
    const type = aType(`${peer.url}/check`)
    let calls = 0
    peer.behave((request, response, socket) => json(calls++ % 2 === 0 ? 503 : 200, passed)(request, response, socket))
    const artifacts = await Promise.all(Array.from({ length: 20 }, () => worker.submit({ type })))
    for (let round = 0; round < 12; round++) await Promise.all(artifacts.map((artifact) => worker.work(artifact)))
    for (const artifact of artifacts) await recovers(artifact)
  })

  it('it works on it for long, loses it, and gets it anew', async () => {
    const type = aType(`${peer.url}/check`)
    peer.behave(json(202, {}, { location: '/later' }))
    const artifact = await worker.submit({ type })
    for (let poll = 0; poll < 30; poll++) await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({ run: { state: 'running', attempts: 1 } })
    peer.behave(json(503, {}))
    await worker.work(artifact)
    expect((await worker.stateOf(artifact)).run).toMatchObject({ attempts: 1, poll_url: `${peer.url}/later` })
    peer.behave(json(404, {}))
    await worker.work(artifact)
    expect((await worker.stateOf(artifact)).run).toMatchObject({ state: 'error', attempts: 1, poll_url: null })
    peer.behave(json(200, passed))
    await recovers(artifact)
    expect(peer.requests.at(-1)?.method).toBe('POST')
  })

  it('its whole URL is a secret, which is no URL at first', async () => {
    worker.env['WHOLE_URL'] = 'not a url'
    await failsThenRecovers(aType('{{WHOLE_URL}}'), /^url_not_allowed/, () => {
      worker.env['WHOLE_URL'] = `${peer.url}/check?token=of-the-url`
    })
    expect(peer.requests.at(-1)?.path).toBe('/check?token=of-the-url')
  })

  it('another validator takes its place while it works: the run goes there, and its secrets to nobody else', async () => {
    worker.env['NEXT_TOKEN'] = 'of-the-next-one'
    await using next = await httpPeer(json(200, { valid: false }))
    const type = aType(`${peer.url}/check`)
    peer.behave(json(202, {}, { location: '/later' }))
    const artifact = await worker.submit({ type })
    await worker.work(artifact)
    const asked = peer.requests.length
    const validator = { url: `${next.url}/check`, headers: { authorization: 'Bearer {{NEXT_TOKEN}}' } }
    worker.configure({ [type]: { requires_validation: true, validator } })
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'blocked', run: { state: 'failed', attempts: 1 } })
    expect(next.requests).toMatchObject([{ method: 'POST', headers: { authorization: 'Bearer of-the-next-one' } }])
    expect(peer.requests).toHaveLength(asked)
  })

  it('its secret has a line break, and makes a header that cannot be sent', async () => {
    worker.env['BROKEN_TOKEN'] = 'a-token\n'
    const asked = peer.requests.length
    const type = aType(`${peer.url}/check`, { headers: { authorization: 'Bearer {{BROKEN_TOKEN}}' } })
    await failsThenRecovers(type, /^header_not_allowed: the value of authorization/, () => {
      expect(peer.requests).toHaveLength(asked)
      worker.env['BROKEN_TOKEN'] = 'a-token'
      peer.behave(json(200, passed))
    })
  })

  it('its address is none once its secret is filled in', async () => {
    worker.env['WRONG_HOST'] = 'no host'
    await failsThenRecovers(aType('http://{{WRONG_HOST}}/check'), /^url_not_allowed/, () => {
      worker.env['WRONG_HOST'] = new URL(peer.url).host
      peer.behave(json(200, passed))
    })
  })

  it('waits longer and longer for a verdict that it promised, and asks soon again once it answered', async () => {
    const type = aType(`${peer.url}/check`, { backoff: '2s' })
    peer.behave(json(202, {}, { location: '/later' }))
    const artifact = await worker.submit({ type })
    await worker.work(artifact)
    const waits: number[] = []
    const failOnce = async () => {
      await worker.work(artifact)
      waits.push(Math.round(((await worker.stateOf(artifact)).message?.due_in_ms ?? Number.NaN) / 1000))
    }
    peer.behave(json(503, {}))
    for (let failed = 0; failed < 4; failed++) await failOnce()
    peer.behave(json(202, {}))
    await worker.work(artifact)
    peer.behave(json(503, {}))
    await failOnce()
    expect(waits).toEqual([1, 2, 4, 8, 1]) // half of the ceiling: the test's dice always fall in the middle
    peer.behave(json(200, passed))
    await recovers(artifact)
  })

  it('a secret is missing, and then is there', async () => {
    const type = aType(`${peer.url}/check`, { headers: { authorization: 'Bearer {{LATE_TOKEN}}' } })
    const sent = peer.requests.length
    await failsThenRecovers(type, /^secret_missing: LATE_TOKEN$/, () => {
      expect(peer.requests).toHaveLength(sent)
      worker.env['LATE_TOKEN'] = 'late-token-value'
      peer.behave(json(200, passed))
    })
  })

  it('it repeats the secret that it was sent: none of that is stored or logged', async () => {
    worker.env['ECHOED_TOKEN'] = 'echoed-token-value'
    const type = aType(`${peer.url}/check`, { headers: { authorization: 'Bearer {{ECHOED_TOKEN}}' } })
    peer.behave(json(202, {}, { location: '/later?t=echoed-token-value' }))
    const artifact = await worker.submit({ type })
    await worker.work(artifact)
    expect((await worker.stateOf(artifact)).run.poll_url).toBe(`${peer.url}/later?t={{ECHOED_TOKEN}}`)
    const finding = { severity: 'low', code: 'echoed-token-value', message: 'you sent echoed-token-value' }
    peer.behave(json(200, { valid: false, findings: [finding] }))
    await worker.work(artifact)
    expect(peer.requests.at(-1)?.path).toBe('/later?t=echoed-token-value')
    const [dump] = await worker.database.admin<{ all: string }[]>`
      select (select string_agg(r::text, '') from validation_runs r) || (select string_agg(e::text, '') from artifact_events e)
          || (select string_agg(t::text, '') from validation_tries t) || (select string_agg(o::text, '') from outbox o) as all`
    expect(dump?.all).not.toContain('echoed-token-value')
    expect(worker.logged.join('')).not.toContain('echoed-token-value')
  })

  it('the breaker opens after five errors in a row, lets one try through, and uses no attempt for waiting', async () => {
    const type = aType(`${peer.url}/check`)
    peer.behave(json(500, {}))
    const artifacts = await Promise.all(Array.from({ length: 8 }, () => worker.submit({ type })))
    const sent = peer.requests.length
    for (const artifact of artifacts) await worker.work(artifact)
    expect(peer.requests.length - sent).toBe(5)
    expect(worker.ctx.validators.breakers()).toContainEqual({ type, state: 'open' })
    const states = await Promise.all(artifacts.map((artifact) => worker.stateOf(artifact)))
    expect(states.map(({ run }) => run.attempts)).toEqual([1, 1, 1, 1, 1, 0, 0, 0])
    expect(states.every(({ message }) => (message?.due_in_ms ?? Infinity) < 30_000)).toBe(true)
  })

  it('the log has a line for each outcome, and an error where only the operator can help', async () => {
    peer.behave(json(401, {}))
    const artifact = await worker.submit({ type: aType(`${peer.url}/check`) })
    await worker.work(artifact)
    const { message } = await worker.stateOf(artifact)
    expect(message?.due_in_ms).toBeGreaterThan(290_000)
    const line = worker.logged.map((text) => JSON.parse(text)).find(({ run_id }) => run_id === artifact.run_id)
    expect(line).toMatchObject({ level: 'error', artifact_id: artifact.id, attempt: 1, outcome: 'error' })
  })
})

async function listening(server: Server): Promise<{ port: number; close(): Promise<unknown> }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: portOf(server), close: () => new Promise((resolve) => server.close(resolve)) }
}
