import type postgres from 'postgres'

/** A promise that a row does not keep: which row of which table, and what was found instead. */
export type Fault = { table: string; key: string; promise: string; found: string }

/** Some rows that follow a key, in one statement: they and all that they are compared with are of one moment. */
export type Batch = {
  scanned: number
  /** The key of the last of them; undefined when there was none. */
  last: string[] | undefined
  faults: Omit<Fault, 'table'>[]
}

/** How the rows of one table are gone through, from `first`, which lies below every key. */
export type Scan = {
  table: string
  first: string[]
  batch(sql: postgres.Sql, after: string[], limits: BatchLimits): Promise<Batch>
}

export type BatchLimits = {
  rows: number
  /** Content to read at most; a larger one comes alone. */
  bytes: number
}

/** What every scan's statement gives. */
export type BatchRow = { scanned: number; last: string[] | null; faults: Omit<Fault, 'table'>[] }

export const toBatch = ([row]: readonly BatchRow[]): Batch => ({
  scanned: row?.scanned ?? 0,
  last: row?.last ?? undefined,
  faults: row?.faults ?? [],
})

/** Below every UUID that is handed out. */
export const nilUuid = '00000000-0000-0000-0000-000000000000'
