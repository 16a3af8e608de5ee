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

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 120_000; !(await condition()); await pause(20))
    if (Date.now() > end) throw new Error(`waited two minutes in vain for ${what}`)
}
