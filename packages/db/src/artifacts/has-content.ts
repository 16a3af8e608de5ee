import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

type Fragment = postgres.PendingQuery<postgres.Row[]>

/**
 * The condition that an artifact, found by its id, has this content. A `case`, which no index serves: any number of a group's
 * artifacts may have the same content, and the planner, which supposes that few do, would read them all.
 */
export const hasContent = (tx: Tx, hash: Fragment): Fragment => tx`case when content_hash = ${hash} then true end`
