import type { Tx } from './transaction.ts'

/**
 * Has tables analysed that have rows by now and never were: until then the planner knows nothing of them.
 * @returns which were
 */
export async function analyzeNewTables(tx: Tx): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`select name from analyze_new_tables() as name`
  return rows.map(({ name }) => name)
}
