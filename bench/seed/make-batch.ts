import type postgres from 'postgres'
import { SEED_AUTHOR, SEED_GROUP, SEED_TYPE, type SeedShape } from './seed-shape.ts'

/** From where to where, in numbers of names. */
export type Span = { from: number; to: number }

/**
 * Works out the rows of a span of names once, in a temporary table that every table is then filled from. All of it follows
 * from the number of the name and of the version, so two databases of one shape hold the same, made from January to May 2026.
 * Of a hundred versions two are blocked, one is a draft, two are public, one is restricted; the first version of every tenth
 * name is archived.
 */
export async function makeBatch(sql: postgres.ReservedSql, shape: SeedShape, { from, to }: Span): Promise<void> {
  const repeats = Math.max(Math.round(shape.contentBytes / 32) - 1, 0)
  await sql`truncate seed_batch`
  await sql`
    insert into seed_batch
    select made.*, encode(sha256(content), 'hex') as content_hash, changes, sum(changes) over (partition by n order by v) - changes
      from (select n, v, n::bigint * ${shape.versions}::int + v as ordinal,
           case when n % 5 = 0 then 'group-' || (n / 5 % 20) else ${SEED_GROUP} end as group_id,
           'seeded-' || n as name, v::text as version,
           case when v = 1 and n % 10 = 1 then 'archived' when kind = 11 or kind = 57 then 'blocked' when kind = 83 then 'draft'
                else 'published' end as status,
           case when kind in (21, 71) then 'public' when kind = 35 then 'restricted' else 'internal_only' end as usage_policy,
           ${SEED_AUTHOR}::text as created_by, ${SEED_TYPE}::text as type,
           jsonb_build_object('tags', jsonb_build_array('team-' || n % 100, 'rare-' || n % 5000, 'stage-' || v),
                              'category', 'category-' || n % 20,
                              'description', 'Seeded text number ' || n || ' about topic' || n % 1000) as metadata,
           convert_to('{"text":"' || 'version ' || v || ' of ' || n || ' ' || repeat(md5((n * 31 + v)::text), ${repeats}::int) || '"}', 'UTF8') as content,
           made_at,
           pg_temp.seed_uuid(made_at, 'artifact', n, v) as id, pg_temp.seed_uuid(made_at, 'run', n, v) as run_id
      from generate_series(${from}::int, ${to}::int) n, generate_series(1, ${shape.versions}::int) v,
           lateral (select (n * 7 + v * 13) % 100 as kind,
                           timestamptz '2026-01-01' + ((v - 1)::float8 + n::float8 / 10000000) * interval '150 days' / ${shape.versions}::int as made_at) at) made,
           lateral (select case status when 'draft' then 1 when 'archived' then 4 else 3 end as changes) told`
}

/** What makeBatch needs: its table, and ids that sort by time as the product's do (UUID v7), on any PostgreSQL from 15 on. */
export async function prepareBatches(sql: postgres.ReservedSql): Promise<void> {
  await sql`
    create or replace function pg_temp.seed_uuid(at timestamptz, kind text, n bigint, v bigint) returns uuid language sql stable
    return overlay(overlay(overlay(md5(kind || '/' || n || '/' || v)
             placing lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') from 1)
             placing '7' from 13) placing 'a' from 17)::uuid`
  await sql`
    create temporary table if not exists seed_batch (
      n int, v int, ordinal bigint, group_id text, name text, version text, status text, usage_policy text, created_by text,
      type text, metadata jsonb, content bytea, made_at timestamptz, id uuid, run_id uuid, content_hash text, changes int, changes_before int)`
  await sql`alter table seed_batch alter content set storage external` // it lives for a moment: not worth compressing
}
