import { createHash } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { postgres } from '@keepr/db/driver/postgres'
import { reply } from '../child/reply.ts'
import { insertOneFloor } from './insert-one-floor.ts'
import { selectPageFloor } from './select-page-floor.ts'

export type HttpFloor = (input: { databaseUrl: string; group: string; poolSize: number }) => Promise<{ url: string }>

/**
 * The bare server that the product is measured against: Hono and one prepared statement per request, on the same
 * PostgreSQL, as a superuser (no row-level security), without tokens, checks, problems, metrics or logs.
 */
const serveFloor: HttpFloor = async ({ databaseUrl, group, poolSize }) => {
  const sql = postgres(databaseUrl, { max: poolSize, onnotice: () => {} })
  const insertOne = await insertOneFloor(sql)
  const bytes = new Map<string, Uint8Array<ArrayBuffer>>()
  const app = new Hono()

  app.get('/artifacts/:name', async (c) => {
    const [row] = await sql`
      select id, name, type, version, status, usage_policy, group_id, created_by, content_type, content_size, content_hash,
             metadata, created_at, updated_at, published_at, convert_from(content, 'UTF8') as content
        from artifact_active
       where group_id = ${group} and name = ${c.req.param('name')} and status = 'published'
       order by is_prerelease, version_sort desc limit 1`
    return row ? c.json(row) : c.notFound()
  })

  // Which hash is current is asked each time; the bytes are remembered, as nothing makes it unavoidable to fetch them again.
  app.get('/artifacts/:name/:version/content', async (c) => {
    const { name, version } = c.req.param()
    const [row] = await sql<{ id: string; content_hash: string }[]>`
      select id, content_hash from artifact_active where group_id = ${group} and name = ${name} and version = ${version}`
    if (!row) return c.notFound()
    const etag = `"${row.content_hash}"`
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, { etag })
    let content = bytes.get(row.content_hash)
    if (!content) {
      const [stored] = await sql<{ content: Buffer }[]>`select content from artifact_active where id = ${row.id}`
      content = new Uint8Array(stored?.content ?? [])
      bytes.set(row.content_hash, content)
    }
    return c.body(content, 200, { etag, 'content-type': 'application/octet-stream' })
  })

  app.get('/artifacts/', async (c) => c.json({ items: await selectPageFloor(sql, group, c.req.query()) }))

  app.post('/artifacts/', async (c) => {
    const { name, type, content, metadata } = await c.req.json<Parameters<typeof insertOne>[0]>()
    const text = JSON.stringify(content)
    const hash = createHash('sha256').update(text).digest('hex')
    return c.json(await insertOne({ name, type, content: text, metadata, group, hash }), 202)
  })

  return await new Promise((resolve) =>
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({ url: `http://127.0.0.1:${port}` }),
    ),
  )
}
reply(serveFloor)
