import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { signedAsWebhook } from '../src/testing/signed-as-webhook.ts'

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/** Starts `npm run webhook:listen`; what it says comes line by line. */
function listen(...args: string[]) {
  const script = fileURLToPath(new URL('../src/webhook-listen.ts', import.meta.url))
  const child = spawn(process.execPath, [script, '--port', '0', ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const errors = createInterface({ input: child.stderr })[Symbol.asyncIterator]()
  return {
    line: async () => String((await lines.next()).value),
    error: async () => String((await errors.next()).value),
    ended: new Promise<number | null>((resolve) => child.once('exit', resolve)),
  }
}

async function send(url: string, secret: string): Promise<number> {
  const body = '{"type":"artifact.published","data":{"artifact":{"name":"a","type":"prompt","version":"1"}}}'
  const headers = signedAsWebhook(body, { id: 'msg_1', secret })
  return (await fetch(url, { method: 'POST', headers, body })).status
}

test('a webhook that one of its secrets signed is verified, and any other is answered with 401', async () => {
  const [first, second, inFile] = [newSecret(), newSecret(), newSecret()]
  const folder = mkdtempSync(join(tmpdir(), 'keepr-listen-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'secret'), `${inFile}\n`)
  const listener = listen('--secret', first, second, '--secret-file', join(folder, 'secret'))
  const [url = ''] = /http:\S+/.exec(await listener.line()) ?? []
  for (const secret of [first, second, inFile]) {
    expect(await send(url, secret)).toBe(204)
    expect(await listener.line()).toContain(' verified: artifact.published prompt/a@1')
  }
  expect(await send(url, newSecret())).toBe(401)
  expect(await listener.line()).toContain('NOT verified')
})

test.each([
  [['--secret', newSecret(), 'whsec_abc'], 'secret 2 of 2 is not whsec_ and at least 24 bytes in base64'],
  [['--secret', 'mysecret'], 'is not whsec_ and'],
  [[], 'without --secret or --secret-file'],
  [['--secret', newSecret(), '--port', 'abc'], 'Expected a port number'],
])('it does not start with what verifies nothing, or without a port: %j', async (args, reason) => {
  const listener = listen(...args)
  expect(await listener.error()).toContain(reason)
  expect(await listener.ended).toBe(1)
})
