import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { portOf } from '@keepr/shared/runtime/port-of'
import { freePort } from '@keepr/dev-env/free-port'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
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

const urlOf = (server: Server) => `http://127.0.0.1:${portOf(server)}/`
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
    await using checkr = await startSampleCheckr({ port: await freePort(), token: 'unused' })
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
      const findings = [{ message: 'too long' }, { severity: 1, code: 'length', message: 'too long' }]
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

  it('advises to show a refusal where none was seen', async () => {
    const results = await check(url)
    expect(results).toContainEqual({ verdict: 'advice', rule: expect.stringContaining('(--file)') })
  })

  it('says what is wrong when there is no verdict', async () => {
    await using checkr = await startSampleCheckr({ port: await freePort(), token: 'unused' })
    const results = await check(`http://127.0.0.1:${checkr.port}/sast-check?mode=reset`)
    expect(results).toEqual([expect.objectContaining({ verdict: 'broken', detail: expect.stringContaining('failed') })])
  })

  it('says of a validator that ends the connection on what is no JSON that it may have died', async () => {
    const fragile = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += String(chunk)))
      request.on('end', () => {
        if (body.endsWith('}')) response.end('{"valid":false,"findings":[]}')
        else request.socket.destroy()
      })
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void fragile.close())
    await once(fragile, 'listening')
    const results = await check(urlOf(fragile))
    expect(results.at(-1)).toMatchObject({ verdict: 'advice', detail: expect.stringContaining('may have died') })
  })
})

describe('npm run checkr:conformance', () => {
  const run = (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const script = fileURLToPath(new URL('../src/checkr-conformance.ts', import.meta.url))
      execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      )
    })

  it.each([
    [['http://127.0.0.1:1/'], 'ECONNREFUSED'],
    [['validator.example.com/check'], 'is no URL'],
    [['http://127.0.0.1:1/', '--file', '/nope'], 'ENOENT'],
  ])('ends with 2 when the validator could not be asked: %j', async (args, reason) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr).toContain(reason)
  })

  it('tells how to be known to a validator that knows its callers', async () => {
    await using checkr = await startSampleCheckr({ port: await freePort(), token: 'known' })
    const target = `http://127.0.0.1:${checkr.port}/python-lint`
    const { code, stderr } = await run(target)
    expect(code).toBe(2)
    expect(stderr).toContain("it answered 401: give --header 'Authorization: …'")
    expect(await run(target, '--header', 'Authorization: Bearer known')).toMatchObject({ code: 0 })
  })

  it('ends with 1 when a rule is broken', async () => {
    expect(await run(url)).toMatchObject({ code: 1, stdout: expect.stringContaining('BROKEN') })
  })
})
