import type postgres from 'postgres'

/** What filling touches. Keys that foreign keys rest on stay; they are cheap, as rows arrive in their order. */
const TABLES = [
  'artifact_versions',
  'artifact_active',
  'artifact_history',
  'artifact_events',
  'event_feed',
  'validation_runs',
]

/**
 * Fills tables without their secondary indexes and builds those afterwards, which is several times faster than keeping
 * them up to date row by row (a GIN index most of all).
 */
export async function withoutIndexes(
  sql: postgres.ReservedSql,
  fill: () => Promise<void>,
  progress: (step: string) => void,
): Promise<void> {
  const indexes = await sql<{ name: string; definition: string }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
      from pg_index i
     where i.indrelid = any (select to_regclass(t) from unnest(${TABLES}::text[]) t)
       and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`
  for (const { name } of indexes) await sql`drop index ${sql(name)}`
  await fill()
  await sql`set maintenance_work_mem = '512MB'`
  for (const [done, { name, definition }] of indexes.entries()) {
    progress(`index ${done + 1} of ${indexes.length}: ${name}`)
    await sql.unsafe(definition) // as PostgreSQL itself wrote it down
  }
}
