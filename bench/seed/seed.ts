import type { ReservedSql, Sql } from 'postgres'
import { postgres } from '@keepr/db/driver/postgres'
import { fillTables } from './fill-tables.ts'
import { makeBatch, prepareBatches } from './make-batch.ts'
import { nameCount, type SeedShape } from './seed-shape.ts'
import { withoutIndexes } from './without-indexes.ts'

const NAMES_PER_BATCH = 4000

/**
 * Fills an empty, migrated database. The server itself makes the rows (generate_series), so nothing but a few statements
 * travels. The lifecycle's triggers are off meanwhile, as published rows cannot be written but by a verdict: the rows are
 * shaped as the product leaves them, and checkSeed holds them against the same rules. Needs a superuser's URL.
 */
export async function seed(
  databaseUrl: string,
  shape: SeedShape,
  progress: (step: string) => void = () => {},
): Promise<void> {
  await using pool = openPool(databaseUrl)
  const sql = await pool.sql.reserve()
  try {
    const [found] = await sql<{ filled: boolean }[]>`select exists (select from artifact_names) as filled`
    if (found?.filled) throw new Error('the database has artifacts already: seed an empty one')
    await sql`set session_replication_role = replica`
    await sql`set synchronous_commit = off`
    await prepareBatches(sql)
    await withoutIndexes(sql, () => fillAll(sql, shape, progress), progress)
    progress('statistics')
    await sql`vacuum analyze`
    await checkSeed(sql)
  } finally {
    sql.release()
  }
}

async function fillAll(sql: ReservedSql, shape: SeedShape, progress: (step: string) => void): Promise<void> {
  const names = nameCount(shape)
  for (let from = 1; from <= names; from += NAMES_PER_BATCH) {
    const to = Math.min(from + NAMES_PER_BATCH - 1, names)
    await makeBatch(sql, shape, { from, to })
    await fillTables(sql)
    progress(`${to * shape.versions} of ${shape.artifacts} artifacts`)
  }
}

/** What the switched-off triggers would have refused, on a sample. */
async function checkSeed(sql: ReservedSql): Promise<void> {
  const [row] = await sql<{ wrong: number }[]>`
    select count(*)::int as wrong
      from (select * from artifact_active order by id limit 1000) a
      left join artifact_versions v on v.group_id = a.group_id and v.artifact_id = a.id
      left join validation_runs r on r.id = a.validation_run_id
     where encode(sha256(a.content), 'hex') <> a.content_hash or v.status is distinct from a.status
        or (a.status = 'published' and (r.state is distinct from 'not_required' or r.content_hash <> a.content_hash))`
  if (row?.wrong !== 0) throw new Error(`${row?.wrong} of the first 1,000 seeded rows break the lifecycle's rules`)
}

function openPool(databaseUrl: string): AsyncDisposable & { sql: Sql } {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) }
}
