import type { Tx } from '../transaction.ts'

export type Read = { id: string; group_id: string; at: number }

/** Notes when artifacts were last read. Times only move forward, whatever order processes flush in. */
export async function touchArtifacts(tx: Tx, reads: readonly Read[]): Promise<void> {
  await tx`
    select touch_artifacts(${reads.map(({ group_id }) => group_id)}::text[], ${reads.map(({ id }) => id)}::uuid[],
                           ${reads.map(({ at }) => new Date(at).toISOString())}::text[]::timestamptz[])`
}
