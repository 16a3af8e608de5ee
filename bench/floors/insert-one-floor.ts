import { randomUUIDv7 } from 'node:crypto'
import type postgres from 'postgres'

export type Insertion = { name: string; type: string; content: unknown; metadata: unknown; group: string; hash: string }

/** An artifact and its event in one statement, into tables with a primary key and nothing else. */
export async function insertOneFloor(sql: postgres.Sql) {
  await sql`create schema if not exists bench_floor`
  await sql`
    create table if not exists bench_floor.artifact (
      id uuid primary key, group_id text not null, name text not null, type text not null, content bytea not null,
      json_content jsonb not null, metadata jsonb not null, content_hash text not null, created_at timestamptz not null default now())`
  await sql`
    create table if not exists bench_floor.event (
      id uuid primary key, artifact_id uuid not null, event_type text not null, created_at timestamptz not null default now())`
  return async ({ name, type, content, metadata, group, hash }: Insertion) => {
    const id = randomUUIDv7()
    await sql`
      with artifact as (
        insert into bench_floor.artifact (id, group_id, name, type, content, json_content, metadata, content_hash)
        values (${id}, ${group}, ${name}, ${type}, ${Buffer.from(String(content))}, ${String(content)}::text::jsonb,
                ${JSON.stringify(metadata)}::text::jsonb, ${hash})
        returning id)
      insert into bench_floor.event (id, artifact_id, event_type) select ${randomUUIDv7()}, id, 'submitted' from artifact`
    return { id, name, type, status: 'on_verification', content_hash: hash, metadata }
  }
}
