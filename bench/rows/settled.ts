import { setTimeout as pause } from 'node:timers/promises'
import type { Product } from '../stage/product.ts'

/** Waits until no run of the type is open. @returns when its last verdict was stored, by the clock of the database, which is this machine's */
export async function verdictsStored({ sql }: Product, type: string, sinceMs: number): Promise<number> {
  await until(async () => {
    const [row] = await sql<{ open: boolean }[]>`
      select exists (select from validation_runs where state in ('waiting', 'running', 'error') and artifact_type = ${type}) as open`
    return row?.open === false
  }, `the verdicts of ${type}`)
  const [last] = await sql<{ ms: number | null }[]>`
    select (extract(epoch from max(checked_at)) * 1000)::float8 as ms from validation_runs
     where artifact_type = ${type} and created_at > to_timestamp(${sinceMs / 1000}::float8) - interval '1 second'`
  if (last?.ms == null) throw new Error(`no verdict of ${type} was stored`)
  return last.ms
}

/** Waits until nothing is left to do but what a subscriber that never answers holds up. */
export async function outboxEmpty({ sql }: Product): Promise<void> {
  await until(async () => {
    const [row] = await sql<{ left: boolean }[]>`select exists (select from outbox where lane <> 'dead') as left`
    return row?.left === false
  }, 'the outbox to be empty')
}

/**
 * Waits until the database does nothing by itself any more: nothing is left to do, and what load has left behind is worked off by
 * autovacuum, which looks once a minute. Where it does not come to rest what follows is measured all the same.
 * @returns whether it did
 */
export async function atRest(product: Product): Promise<boolean> {
  await outboxEmpty(product)
  return await isSoon(async () => {
    const [row] = await product.sql<{ busy: boolean }[]>`
      select exists (select from pg_stat_activity where backend_type = 'autovacuum worker')
          or exists (select from pg_stat_user_tables s join pg_class c on c.oid = s.relid
                      where n_dead_tup > 50 + 0.2 * greatest(reltuples, 0)
                         or n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0)
                         or n_ins_since_vacuum > 1000 + 0.2 * greatest(reltuples, 0)) as busy`
    return row?.busy === false
  })
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  if (!(await isSoon(condition))) throw new Error(`waited two minutes in vain for ${what}`)
}

/** @returns false where it is not so within two minutes */
async function isSoon(condition: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 120_000; !(await condition()); await pause(20)) if (Date.now() > end) return false
  return true
}
