import type { Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { idleSince } from './idle-since.ts'
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
  /** The last item that was handed out, by its time and id. */
  after?: readonly [idle_since: Timestamp, id: string] | undefined
}

/** Versions that nobody has used for longer than their time to live, the longest idle first. */
export async function listIdleVersions(tx: Tx, asked: Question): Promise<IdleVersion[]> {
  const { group_id, ttls, defaultTtlMs, limit, after } = asked
  return await tx<IdleVersion[]>`
    select id, name, type, version, status, idle_since, bytes, ttl_ms::int8 as ttl_ms, latest,
           floor(extract(epoch from now() - idle_since) * 1000)::int8 as idle_ms
      from (
        select a.id, a.name, a.type, a.version, a.status, a.content_size as bytes,
               ${idleSince(tx)} as idle_since,
               coalesce(t.ttl_ms, ${defaultTtlMs}::float8) as ttl_ms,
               ${isLatest(tx)} as latest
          from artifact_active a
          left join unnest(${[...ttls.keys()]}::text[], ${[...ttls.values()]}::float8[]) as t (type, ttl_ms) on t.type = a.type
         where a.group_id = ${group_id} and a.status in ('published', 'draft', 'blocked')
           ${asked.type === undefined ? tx`` : tx`and a.type = ${asked.type}`}
      ) v
     where now() - idle_since > make_interval(secs => ttl_ms / 1000)
       ${after === undefined ? tx`` : tx`and (idle_since, id) > (${after[0]}::text::timestamptz, ${after[1]}::uuid)`}
     order by idle_since, id
     limit ${limit}`
}
