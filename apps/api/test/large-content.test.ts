import { once } from 'node:events'
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { listenOn } from '@keepr/shared/runtime/listen-on'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { listen, type Listening } from '../src/listen.ts'
import { createRoom } from '../src/room.ts'
import { startApi, type TestApi } from './start-api.ts'
import { watchedRoom } from './watched-room.ts'

const MEBIBYTE = 1024 * 1024

let api: TestApi
let server: Listening
let authorization: string
/** How many are in each room now, and how many were at once at most. */
const uploads = { now: 0, most: 0 }
const loads = { now: 0, most: 0 }
beforeAll(async () => {
  api = await startApi({ MAX_UPLOAD_MEMORY: '4MiB' })
  api.ctx.uploadRoom = watchedRoom(api.ctx.uploadRoom, uploads)
  api.ctx.loadRoom = watchedRoom(createRoom(4 * MEBIBYTE), loads)
  server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 })
  authorization = `Bearer ${await api.sign({ sub: 'alice', group_id: 'acme', roles: 'author' })}`
})
afterAll(async () => {
  await server.close()
  await api[Symbol.asyncDispose]()
})

/** An upload of 3 MiB, of which 2 MiB are sent; the rest follows when told to. */
function begin(name: string) {
  const head = `--X\r\nContent-Disposition: form-data; name="artifact"\r\n\r\n{"name":"${name}","type":"blob"}\r\n--X\r\nContent-Disposition: form-data; name="content"\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), Buffer.alloc(3 * MEBIBYTE, name), Buffer.from('\r\n--X--\r\n')])
  const headers = {
    authorization,
    'content-type': 'multipart/form-data; boundary=X',
    'content-length': body.byteLength,
  }
  const sent = httpRequest({ port: server.port, path: '/artifacts/', method: 'POST', headers })
  const answered = once(sent, 'response').then(([response]) => {
    response.resume()
    return response.statusCode as number
  })
  answered.catch(() => {}) // one that is aborted gets none
  sent.on('error', () => {})
  sent.write(body.subarray(0, 2 * MEBIBYTE))
  return { finish: () => sent.end(body.subarray(2 * MEBIBYTE)), abort: () => sent.destroy(), answered }
}

test('large uploads that have no room beside each other are taken one after the other, and the room of one that is broken off is free', async () => {
  const first = begin('first')
  await waitFor(async () => uploads.now === 1, 'the first to be received')
  const others = ['second', 'third', 'fourth'].map(begin)
  for (const other of others) other.finish()
  const small = await fetch(`http://127.0.0.1:${server.port}/artifacts/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'small', type: 'prompt', content: 'x'.repeat(200_000) }),
  })
  expect(small.status).toBe(202)
  first.abort()
  expect(await Promise.all(others.map(({ answered }) => answered))).toEqual([202, 202, 202])
  expect(uploads).toEqual({ now: 0, most: 1 })
})

test('a large upload that is refused, or waits for its verdict, holds no room', async () => {
  const send = async (artifact: object, prefer: string) => {
    const form = new FormData()
    form.set('artifact', JSON.stringify(artifact))
    form.set('content', new Blob([new Uint8Array(3 * MEBIBYTE)]), 'a.bin')
    const headers = { authorization, prefer }
    return await fetch(`http://127.0.0.1:${server.port}/artifacts/`, { method: 'POST', headers, body: form })
  }
  expect((await send({ name: 'no-such-type', type: 'none' }, 'wait=1')).status).toBe(422)
  expect(uploads.now).toBe(0)
  const waits = send({ name: 'waits', type: 'blob' }, 'wait=60')
  await waitFor(
    async () => (await api.database.admin`select from artifact_active where name = 'waits'`).length === 1,
    'it to be stored',
  )
  await waitFor(async () => uploads.now === 0, 'its room to be given back')
  await api.settleAll()
  expect((await waits).status).toBe(201)
})

test('large contents are loaded as there is room for them, and all are answered', async () => {
  const names = ['one', 'two', 'three', 'four']
  const kept = names.map((name) => {
    const upload = begin(name)
    upload.finish()
    return upload.answered
  })
  expect(await Promise.all(kept)).toEqual([202, 202, 202, 202])
  await api.settleAll()
  const answers = await Promise.all(
    names.map(async (name) => {
      const headers = { authorization }
      const answer = await fetch(`http://127.0.0.1:${server.port}/artifacts/${name}/1/content`, { headers })
      return [answer.status, (await answer.arrayBuffer()).byteLength]
    }),
  )
  expect(answers).toEqual(names.map(() => [200, 3 * MEBIBYTE]))
  expect(loads).toEqual({ now: 0, most: 1 })
})

test('a client that takes nothing more of large content is cut off, and one that takes its time is not', async () => {
  const upload = new FormData()
  upload.set('artifact', JSON.stringify({ name: 'weights', type: 'blob' }))
  upload.set('content', new Blob([new Uint8Array(30 * MEBIBYTE)]), 'a.bin') // more than sockets hold on their way
  const sent = await fetch(`http://127.0.0.1:${server.port}/artifacts/`, {
    method: 'POST',
    headers: { authorization },
    body: upload,
  })
  expect(sent.status).toBe(202)
  await api.settleAll()
  api.ctx.stalledMs = 500
  const { port, sockets, close } = await watchedServer()
  const ask = async () => {
    const asked = httpRequest({ port, path: '/artifacts/weights/1/content', headers: { authorization } })
    const [response] = (await once(asked.end(), 'response')) as [IncomingMessage]
    return response
  }
  const stalled = await ask()
  const slow = await ask()
  let size = 0
  for await (const chunk of slow) {
    size += (chunk as Buffer).byteLength
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(size).toBe(30 * MEBIBYTE)
  await waitFor(() => sockets[0]?.destroyed === true, 'it to be cut off')
  stalled.destroy()
  close()
})

test('a client that takes nothing of other large answers is cut off too', async () => {
  const upload = new FormData()
  upload.set('artifact', JSON.stringify({ name: 'bells', type: 'note' }))
  upload.set('content', new Blob([new Uint8Array(MEBIBYTE).fill(7)], { type: 'text/plain' })) // six times as long in JSON
  const headers = { authorization }
  const sent = await fetch(`http://127.0.0.1:${server.port}/artifacts/`, { method: 'POST', headers, body: upload })
  expect(sent.status).toBe(202)
  await api.settleAll()
  api.ctx.stalledMs = 500
  const { port, sockets, close } = await watchedServer()
  const client = connect(port, '127.0.0.1').pause()
  client.write(`GET /artifacts/bells HTTP/1.1\r\nHost: k\r\nAuthorization: ${authorization}\r\n\r\n`.repeat(4))
  await waitFor(() => sockets[0]?.destroyed === true, 'it to be cut off')
  client.destroy()
  close()
})

/** Serves the API, and shows the connections to it. */
async function watchedServer() {
  const sockets: Socket[] = []
  const answer = getRequestListener(createApp(api.ctx).fetch)
  const served = createServer((request, response) => void answer(request, response))
  served.on('connection', (socket) => sockets.push(socket))
  const port = await listenOn(served, { host: '127.0.0.1', port: 0, setting: 'PORT' })
  return { port, sockets, close: () => served.close() }
}
