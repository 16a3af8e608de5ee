import type { Sql } from 'postgres'
import { sqlState } from './transaction.ts'

/** This release, and the newest of the migrations that it was made with. */
export const built = { release: '0.1.0', migration: '0045_rare_tags_in_any_order' }

/** The schema is older than this release needs, or supports it no longer. Somebody migrates, or upgrades; until then nothing works. */
export class SchemaMisfit extends Error {
  override readonly name = 'SchemaMisfit'
  readonly code = 'SCHEMA_MISFIT'
}

type Schema = { oldest_release: string; supports: boolean; migrated: boolean }
/** The tables are not there, or a schema from before they could be read. */
const ofAnOlderSchema = new Set(['42P01', '42501'])

/** Throws a SchemaMisfit unless the database has what `release` needs and still supports it. */
export async function requireSchema(sql: Sql, { release, migration } = built): Promise<void> {
  const [schema] = await sql<Schema[]>`
    select oldest_release, string_to_array(oldest_release, '.')::int[] <= string_to_array(${release}, '.')::int[] as supports,
           exists (select from keepr_migrations where name = ${migration}) as migrated
      from schema_support`.catch((error: unknown) => {
    if (ofAnOlderSchema.has(sqlState(error) ?? '')) return []
    throw error
  })
  if (!schema?.migrated)
    throw new SchemaMisfit(`the database lacks the migration ${migration}: run the migrations of release ${release}`)
  if (!schema.supports)
    throw new SchemaMisfit(`the database supports releases from ${schema.oldest_release} on, and this is ${release}`)
}

/** Lets nobody pass before `look` found everything in order, once; those who come meanwhile wait for the same look. */
export function gate(look: () => Promise<void>): () => Promise<void> {
  let open = false
  let looking: Promise<void> | undefined
  return async () => {
    if (open) return
    looking ??= look().finally(() => (looking = undefined))
    await looking
    open = true
  }
}
