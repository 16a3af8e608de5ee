import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { listen, type Listening } from '../src/listen.ts'
import { chromium, openPage } from './reference/browser.ts'
import { startApi, type TestApi } from './start-api.ts'

const executable = chromium()
if (!executable)
  process.stderr.write('SKIPPED: no chromium on the PATH, so nobody looks at /docs (apt-get install chromium)\n')

let api: TestApi
let server: Listening
let token: string
beforeAll(async () => {
  api = await startApi()
  server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 })
  token = await api.sign({ sub: 'alice', group_id: 'acme', roles: 'author' })
})
afterAll(async () => {
  await server.close()
  await api[Symbol.asyncDispose]()
})

/** Presses what a reader would press: helpers that run in the page. */
const helpers = `
  const found = (selector) => document.querySelector(selector) ?? (() => { throw new Error('nothing like ' + selector) })()
  const press = (selector) => found(selector).click()
  const type = (selector, text) => {
    const field = found(selector)
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }`
const operation = '#operations-system-listTypes'

test.skipIf(!executable)(
  'the reference runs an operation with a token, and opens one that a link names, without an error in its console',
  { timeout: 120_000 },
  async () => {
    await using page = await openPage(executable ?? '')
    await page.open(`http://127.0.0.1:${server.port}/docs`)
    const sees = (selector: string) =>
      waitFor(() => page.evaluate(`document.querySelector(${JSON.stringify(selector)}) !== null`), selector, 30_000)
    const does = (script: string) => page.evaluate(`(() => { ${helpers}\n${script} })()`)

    await sees(operation)
    const shown = await page.evaluate(`document.querySelectorAll('.opblock').length`)
    expect(shown).toBeGreaterThan(25)
    await does(`press('.btn.authorize')`)
    await sees('.auth-container input')
    await does(`type('.auth-container input', ${JSON.stringify(token)})`)
    await does(`press('.auth-btn-wrapper .authorize')`)
    await does(`press('.auth-btn-wrapper .btn-done, .modal-ux .close-modal')`)
    await does(`press('${operation} .opblock-summary-control')`)
    await sees(`${operation} .try-out__btn`)
    await does(`press('${operation} .try-out__btn')`)
    await sees(`${operation} .execute`)
    await does(`press('${operation} .execute')`)
    await sees(`${operation} .live-responses-table .response-col_status`)
    const status = await page.evaluate(
      `document.querySelector('${operation} .live-responses-table .response td.response-col_status').textContent`,
    )
    const answer = await page.evaluate(
      `document.querySelector('${operation} .live-responses-table .response td.response-col_description').textContent`,
    )
    expect(String(status)).toContain('200')
    expect(String(answer)).toContain('requires_validation')
    await page.open(`http://127.0.0.1:${server.port}/docs?again#/artifacts/listArtifacts`)
    await sees('#operations-artifacts-listArtifacts.is-open')
    expect(page.errors).toEqual([])
  },
)
