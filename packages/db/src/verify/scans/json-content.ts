import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import { type Fault, nilUuid, type Scan } from '../scan.ts'

type JsonRow = { id: string; content: Buffer; json: string }

/** JSON is kept twice, as the bytes that were hashed and as JSONB: both must be the same value, the bytes its RFC 8785 form. */
export const jsonContent = (table: 'artifact_active' | 'artifact_history'): Scan => ({
  table: `${table} (JSON)`,
  first: [nilUuid],
  async batch(sql, [after = nilUuid], { rows, bytes }) {
    const found = await sql<JsonRow[]>`
      with sized as (
        select id, sum(content_size) over (order by id) - content_size as before
          from ${sql(table)}
         where content_kind = 'json' and purged_at is null and id > ${after} order by id limit ${rows}
      )
      select t.id, t.content, t.json_content::text as json
        from ${sql(table)} t join sized on sized.id = t.id where sized.before < ${Math.ceil(bytes / 8)} order by t.id`
    const last = found.at(-1)
    return { scanned: found.length, last: last && [last.id], faults: found.flatMap(compare) }
  },
})

function compare({ id, content, json }: JsonRow): Omit<Fault, 'table'>[] {
  if (canonicalBytes(JSON.parse(json)).equals(content)) return []
  return [{ key: id, promise: 'json_content_equals_the_bytes', found: 'json_content is another value than the bytes' }]
}
