import type { Tx } from '../transaction.ts'

/**
 * Who is about to lease what it writes of a lane has it for itself until it commits: others would not see those leases
 * when they count what is in flight. Nobody waits for it. To be asked before counting, by a statement of its own, which
 * sees what was committed until then.
 * @returns those that nobody else has
 */
export async function lockLanes(tx: Tx, lanes: readonly string[]): Promise<string[]> {
  const rows = await tx<{ lane: string; locked: boolean }[]>`
    select lane, pg_try_advisory_xact_lock(hashtextextended('keepr lane ' || lane, 0)) as locked
      from unnest(${[...lanes]}::text[]) as l (lane)`
  return rows.filter(({ locked }) => locked).map(({ lane }) => lane)
}
