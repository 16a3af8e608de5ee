import type { Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { idleSince, idleSinceAtLeast } from './idle-since.ts'
import { isLatest } from './is-latest.ts'

export type IdleVersion = {
  id: string
  name: string
  type: string
  version: string
  status: 'published' | 'draft' | 'blocked'
  idle_since: Timestamp
  idle_ms: number
  ttl_ms: number
  bytes: number
  latest: boolean
}

type Question = {
  group_id: string
  /** The time to live of each type that has its own; the others have `defaultTtlMs`. */
  ttls: ReadonlyMap<string, number>
  defaultTtlMs: number
  type?: string | undefined
  limit: number
  /** The last version that was looked at, by its time and id. */
  after?: Place | undefined
}
export type Place = readonly [created_at: Timestamp, id: string]

/** One look goes through so many versions of a group, and no further: of a million in use few may be idle. */
export const LOOKED_AT = 20_000

/** The versions that may be idle, oldest first, of which a look goes through the first. */
export const standing = (tx: Tx, { group_id, type, after }: Pick<Question, 'group_id' | 'type' | 'after'>) => tx`
  from artifact_active
 where group_id = ${group_id} and status in ('published', 'draft', 'blocked')
   ${type === undefined ? tx`` : tx`and type = ${type}`}
   ${after === undefined ? tx`` : tx`and (created_at, id) > (${after[0]}::text::timestamptz, ${after[1]}::uuid)`}
 order by created_at, id`

/**
 * Versions that nobody has used for longer than their time to live, the oldest first. Fewer than `limit` are all there are up to
 * where a look ends (find-idle-reach.ts).
 */
export async function listIdleVersions(tx: Tx, asked: Question): Promise<(IdleVersion & { created_at: Timestamp })[]> {
  const { ttls, defaultTtlMs, limit } = asked
  const ttl = tx`coalesce((${tx.json(Object.fromEntries(ttls))}::jsonb ->> a.type)::float8, ${defaultTtlMs}::float8)`
  return await tx<(IdleVersion & { created_at: Timestamp })[]>`
    select id, name, type, version, status, idle_since, bytes, ttl_ms::int8 as ttl_ms, latest, created_at,
           floor(extract(epoch from now() - idle_since) * 1000)::int8 as idle_ms
      from (
        select a.id, a.name, a.type, a.version, a.status, a.content_size as bytes, a.created_at,
               ${idleSince(tx)} as idle_since, ${ttl} as ttl_ms, ${isLatest(tx)} as latest
          from (select * ${standing(tx, asked)} limit ${LOOKED_AT}) a
         where now() - ${idleSinceAtLeast(tx)} > make_interval(secs => ${ttl} / 1000)
      ) v
     where now() - idle_since > make_interval(secs => ttl_ms / 1000)
     order by created_at, id
     limit ${limit}`
}
