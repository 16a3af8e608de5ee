import type postgres from 'postgres'
import type { BatchLimits, Fault, Scan } from './scan.ts'
import { scans } from './scans/index.ts'

export type VerifyOptions = {
  limits?: BatchLimits
  onProgress?: (table: string, scanned: number) => void
  onFault?: (fault: Fault) => void
  signal?: AbortSignal
}
export type Verified = { tables: Map<string, number>; faults: number }

const usualLimits = { rows: 500, bytes: 64 * 1024 * 1024 }

/**
 * Compares everything stored with everything promised about it, on a live system: in small batches along the primary
 * keys, each one read-only statement, so it holds no lock and no old snapshot, and what belongs together is compared as
 * of one moment. Artifacts are read before the history: one that is moved meanwhile is met there, and the history loses none.
 */
export async function verify(sql: postgres.Sql, options: VerifyOptions = {}): Promise<Verified> {
  const tables = new Map<string, number>()
  let faults = 0
  for (const scan of scans) {
    for await (const { scanned, found } of walk(sql, scan, options)) {
      tables.set(scan.table, scanned)
      options.onProgress?.(scan.table, scanned)
      for (const fault of found) options.onFault?.(fault)
      faults += found.length
    }
  }
  return { tables, faults }
}

async function* walk(sql: postgres.Sql, { table, first, batch }: Scan, options: VerifyOptions) {
  let scanned = 0
  for (let after: string[] | undefined = first; after !== undefined;) {
    options.signal?.throwIfAborted()
    const found = await batch(sql, after, options.limits ?? usualLimits)
    scanned += found.scanned
    yield { scanned, found: found.faults.map((fault) => ({ table, ...fault })) }
    after = found.last
  }
}
