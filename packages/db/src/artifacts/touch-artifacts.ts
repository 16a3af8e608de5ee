import type { Tx } from '../transaction.ts'

/** Notes when artifacts were last read. Times only move forward, whatever order processes flush in. */
export async function touchArtifacts(tx: Tx, reads: readonly (readonly [id: string, at: number])[]): Promise<void> {
  await tx`
    select touch_artifacts(${reads.map(([id]) => id)}::uuid[], ${reads.map(([, at]) => new Date(at).toISOString())}::text[]::timestamptz[])`
}
