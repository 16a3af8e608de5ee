import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The condition that an artifact (`a`) is the latest published version of its name: no other would be in its place. */
export const isLatest = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  a.status = 'published' and not exists (
    select from artifact_active b
     where b.group_id = a.group_id and b.name = a.name and b.type = a.type and b.status = 'published'
       and (not b.is_prerelease, b.version_sort) > (not a.is_prerelease, a.version_sort))`
