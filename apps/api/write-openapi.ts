import { writeFile } from 'node:fs/promises'
import { Hono } from 'hono'
import type { ApiEnv } from './src/http/api.ts'
import { mountRoutes } from './src/http/mount-routes.ts'
import { openApiDocument } from './src/http/openapi-document.ts'
import { routes } from './src/routes/index.ts'

// Writes the API's description beside the guide; a test compares it with what the code says.
const app = new Hono<ApiEnv>()
mountRoutes(app, routes)
const target = new URL('../../docs/api/openapi.json', import.meta.url)
await writeFile(target, `${JSON.stringify(await openApiDocument(app), null, 2)}\n`)
