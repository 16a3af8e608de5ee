import type postgres from 'postgres'

/** Writes the rows of the batch as the product would have left them: ledger, artifact or its archived copy, run, events, feed. */
export async function fillTables(sql: postgres.ReservedSql): Promise<void> {
  await sql`
    insert into artifact_names (group_id, type, name, versioning, last_sequence, created_at)
    select group_id, type, name, 'integer', sum(changes), min(made_at) from seed_batch group by group_id, type, name`
  await sql`
    insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
    select group_id, type, name, version, id, created_by, content_hash, status, usage_policy, status <> 'draft'
      from seed_batch`
  await sql`
    insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
                                 content_size, content_hash, content, json_content, metadata, validation_run_id, blocked_reason,
                                 created_at, updated_at, published_at)
    select id, group_id, type, name, version, status, usage_policy, created_by, 'json', 'application/json', length(content),
           content_hash, content, convert_from(content, 'UTF8')::jsonb, metadata,
           case when status <> 'draft' then run_id end, case when status = 'blocked' then 'validation_failed' end,
           made_at, made_at, case when status = 'published' then made_at end
      from seed_batch where status <> 'archived'`
  await sql`
    insert into artifact_history (id, original_id, group_id, type, name, version, usage_policy, created_by, content_kind,
                                  content_type, content_size, content_hash, content, json_content, metadata, validation_run_id,
                                  revision, created_at, updated_at, published_at, archived_at, archived_by, archive_reason)
    select pg_temp.seed_uuid(made_at, 'stay', n, v), id, group_id, type, name, version, usage_policy, created_by, 'json',
           'application/json', length(content), content_hash, content, convert_from(content, 'UTF8')::jsonb,
           metadata, run_id, 1, made_at, made_at, made_at, made_at, created_by, 'archived'
      from seed_batch where status = 'archived'`
  await sql`
    insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, requires_validation,
                                 created_at, deadline, checked_at)
    select run_id, group_id, id, type, content_hash, 'submission',
           case when status = 'blocked' then 'failed' else 'not_required' end, status = 'blocked', made_at,
           made_at + interval '1 day', made_at
      from seed_batch where status <> 'draft'`
  await fillEvents(sql)
}

/** Each change has its event: made, submitted, settled, archived; a draft was only made. */
async function fillEvents(sql: postgres.ReservedSql): Promise<void> {
  await sql`
    with told as (
      select group_id, id, type, name, version, ordinal, status, usage_policy, content_hash, created_by, made_at, step,
             changes_before + step as sequence, pg_temp.seed_uuid(made_at, 'event ' || step, n, v) as event_id
        from seed_batch, generate_series(1, changes) step
    ), placed as (
      insert into event_feed (group_id, position, event_id)
      select group_id, (extract(epoch from timestamptz '2026-01-01') * 1000000)::bigint + ordinal * 4 + step, event_id from told
    )
    insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor, status,
                                 usage_policy, content_hash, created_by, was_published, created_at)
    select event_id, group_id, id, type, name, version, sequence,
           case step when 1 then 'created' when 2 then 'submitted' when 4 then 'archived'
                else case status when 'blocked' then 'blocked' else 'published' end end,
           case step when 4 then '{"reason":"archived"}'::jsonb else '{}' end,
           case step when 3 then 'system:validation-worker' else created_by end,
           case when step = 4 then 'archived' when step = 3 and status = 'blocked' then 'blocked' when step = 3 then 'published'
                when status = 'draft' then 'draft' else 'on_verification' end,
           usage_policy, content_hash, created_by, step >= 3 and status <> 'blocked', made_at
      from told`
}
