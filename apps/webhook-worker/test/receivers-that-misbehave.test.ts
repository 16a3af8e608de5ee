import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { portOf } from '@keepr/shared/runtime/port-of'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aSubscriber, type Delivery, testWorker, type TestWorker } from './support/worker.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let worker: TestWorker
let answer: Answer = () => {}
const ids: unknown[] = []
const server = createServer((request, response) => {
  ids.push(request.headers['webhook-id'])
  request.resume().once('end', () => answer(request, response))
})

beforeAll(async () => {
  worker = await testWorker()
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await worker[Symbol.asyncDispose]()
})
beforeEach(() => {
  ids.length = 0
})

/** Sends a webhook to a receiver that answers so. */
async function sentTo(answers: Answer, timeout = 2000) {
  answer = answers
  worker.configure(aSubscriber({ port: portOf(server) }, { timeout }))
  const event = await worker.happened('published')
  await event.fanOut()
  const { id } = await event.delivery()
  const deliver = async () => {
    await worker.deliver(id)
    return await event.delivery()
  }
  return { id, deliver, first: await deliver() }
}
const attemptOf = async (id: string) =>
  (await worker.database.admin`select status, error, response_head from webhook_attempts where delivery_id = ${id}`)[0]
const waitsS = async ({ id }: Delivery) =>
  Number(
    (
      await worker.database.admin`
        select extract(epoch from next_attempt_at - now()) as s from webhook_deliveries where id = ${id}`
    )[0]?.['s'],
  )

it.each([429, 503])('Retry-After of a %i is waited for', async (status) => {
  const { first } = await sentTo((_request, response) => response.writeHead(status, { 'retry-after': '3600' }).end())
  expect(first).toMatchObject({ state: 'pending', attempts: 1 })
  const s = await waitsS(first)
  expect(s).toBeGreaterThan(3500)
  expect(s).toBeLessThanOrEqual(3600)
})

it('one that took a webhook and hung up before it answered gets it again, under the same id', async () => {
  const { deliver, first } = await sentTo((request) => request.socket.destroy())
  expect(first).toMatchObject({ state: 'pending', attempts: 1 })
  answer = (_request, response) => response.writeHead(200).end()
  expect(await deliver()).toMatchObject({ state: 'delivered', attempts: 2 })
  expect(ids).toEqual([first.webhook_id, first.webhook_id])
})

it('one that never answers is given up when its time is over', async () => {
  const { id, first } = await sentTo(() => {}, 100)
  expect(first).toMatchObject({ state: 'pending', attempts: 1 })
  expect(await attemptOf(id)).toMatchObject({ status: null, error: expect.stringMatching(/^timeout/) })
})

it('of one whose answer never ends the beginning is kept, and no more is read', async () => {
  let written = 0
  const { id, first } = await sentTo((_request, response) => {
    const more = () => {
      if (response.destroyed) return
      written += 65_536
      response.write('x'.repeat(65_536), () => setImmediate(more))
    }
    more()
  })
  expect(first).toMatchObject({ state: 'delivered' })
  expect(await attemptOf(id)).toMatchObject({ status: 200, response_head: 'x'.repeat(500) })
  expect(written).toBeLessThan(64 * 1024 * 1024)
})

it('one that takes it, and says so in an encoding that nobody asked for, has it', async () => {
  const { first } = await sentTo((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip at all')
  })
  expect(first).toMatchObject({ state: 'delivered' })
})

it('what one answers is stored without what cannot be stored', async () => {
  const { id } = await sentTo((_request, response) => response.writeHead(500).end('no\u0000 \u{d800} way'))
  expect((await attemptOf(id))?.['response_head']).toMatch(/^no .* way$/u)
})
