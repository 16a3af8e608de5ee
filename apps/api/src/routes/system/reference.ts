import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { problem } from '@keepr/shared/problem'
import type { Hono } from 'hono'
import type { ApiEnv } from '../../http/api.ts'
import { openApiDocument } from '../../http/openapi-document.ts'
import { answerError } from '../../http/problems.ts'

const assets = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))
const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
}
const served = new Set([
  'swagger-ui.css',
  'index.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'favicon-32x32.png',
  'favicon-16x16.png',
])
const initializer = `window.onload = () => { window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: 'StandaloneLayout', validatorUrl: null, deepLinking: true }) }`
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

/** `/openapi.json` and `/docs`, a reference that needs no internet. */
export function mountReference(app: Hono<ApiEnv>): void {
  let document: Promise<string> | undefined
  app.get('/openapi.json', async (c) => {
    document ??= openApiDocument(app).then((value) => JSON.stringify(value))
    return c.body(await document, 200, { 'content-type': 'application/json' })
  })
  const page = readFileSync(join(assets, 'index.html'), 'utf8')
    .replaceAll(/(href|src)="\.?\/?(?!http)/gu, '$1="/docs/')
    .replace('<title>Swagger UI</title>', '<title>Keepr API</title>')
  app.get('/docs', (c) => c.html(page, 200, { 'content-security-policy': policy }))
  app.get('/docs/swagger-initializer.js', (c) =>
    c.body(initializer, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )
  app.get('/docs/:file', async (c) => {
    const file = c.req.param('file')
    if (!served.has(file)) return answerError(problem('not-found'), c)
    const type = contentTypes[extname(file)] ?? 'application/octet-stream'
    const bytes = new Uint8Array(await readFile(join(assets, file)))
    return c.body(bytes, 200, { 'content-type': type, 'content-security-policy': policy })
  })
  for (const path of ['/openapi.json', '/docs', '/docs/:file'])
    app.all(path, (c) => answerError(problem('method-not-allowed', { headers: { allow: 'GET, HEAD' } }), c))
}
