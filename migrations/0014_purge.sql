-- Purge: content and metadata of one artifact vanish, wherever they were kept; coordinates, hash and a `purged` event stay.
-- What is append-only yields to keepr_maintenance inside of this one function, and only so far as to lose what is purged.

create function is_purging(artifact uuid) returns boolean language sql stable
  return current_user = 'keepr_maintenance' and current_setting('keepr.purging', true) = artifact::text;

-- Naming any column of the history but restored_at is enough to be checked. Its content is never compared: it is large.
create function history_purge_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if not is_purging(old.original_id) or new.content is not null or new.metadata <> '{}'
     or (new.id, new.original_id, new.group_id, new.type, new.name, new.version, new.status, new.usage_policy, new.created_by,
         new.content_kind, new.content_type, new.content_size, new.content_hash, new.validation_run_id, new.blocked_reason,
         new.duplicate_of, new.revision, new.created_at, new.updated_at, new.published_at, new.last_accessed_at, new.archived_at,
         new.archived_by, new.archive_reason)
     is distinct from
        (old.id, old.original_id, old.group_id, old.type, old.name, old.version, old.status, old.usage_policy, old.created_by,
         old.content_kind, old.content_type, old.content_size, old.content_hash, old.validation_run_id, old.blocked_reason,
         old.duplicate_of, old.revision, old.created_at, old.updated_at, old.published_at, old.last_accessed_at, old.archived_at,
         old.archived_by, old.archive_reason)
     or (old.purged_at is not null and new.purged_at is distinct from old.purged_at) then
    perform refuse('history_is_append_only', 'the history is append-only');
  end if;
  return new;
end $$;
create trigger history_purge_guard
  before update of id, original_id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
    content_size, content_hash, content, json_content, metadata, validation_run_id, blocked_reason, duplicate_of, revision,
    created_at, updated_at, published_at, last_accessed_at, purged_at, archived_at, archived_by, archive_reason
  on artifact_history for each row execute function history_purge_guard();

create or replace function events_are_append_only() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'UPDATE' and is_purging(old.artifact_id) and to_jsonb(new) - 'event_data' = to_jsonb(old) - 'event_data' then
    return new;
  end if;
  perform refuse('events_are_append_only', 'events are append-only');
  return null;
end $$;

create or replace function validation_run_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if (new.id, new.group_id, new.artifact_id, new.content_hash, new.kind, new.requires_validation, new.simulate)
     is distinct from (old.id, old.group_id, old.artifact_id, old.content_hash, old.kind, old.requires_validation, old.simulate) then
    perform refuse('run_subject_is_immutable', 'the subject of a validation run is immutable');
  end if;
  if old.state in ('passed', 'failed', 'expired', 'cancelled', 'not_required')
     and (new.state <> old.state or not is_purging(old.artifact_id)) then
    perform refuse('verdict_is_final', 'a verdict is never changed');
  end if;
  if old.requires_validation and new.state = 'not_required' then
    perform refuse('required_validation_is_not_skipped', 'this run requires a validator');
  end if;
  return new;
end $$;

create or replace function artifact_content_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if old.purged_at is not null and (new.purged_at is distinct from old.purged_at or new.content is not null) then
    perform refuse('purged_stays_purged', 'what was purged does not come back');
  end if;
  if new.purged_at is not null then
    if old.purged_at is null and not is_purging(new.id) then
      perform refuse('purged_by_maintenance_only', 'only maintenance can purge');
    end if;
  elsif encode(sha256(new.content), 'hex') <> new.content_hash then
    perform refuse('content_matches_its_hash', 'content does not match content_hash');
  end if;
  return new;
end $$;

-- Of an event, only what is known to say nothing of content or metadata stays.
create function purged_event_data(event_type text, event_data jsonb) returns jsonb language sql immutable parallel safe
  return case when event_type in ('purged', 'policy_updated') then event_data else (
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(event_data)
     where key in ('run_id', 'verdict', 'reason', 'to_version', 'withdrawn', 'restored', 'part_of', 'rollback', 'plan_id', 'superseded_by', 'blocks_at')
  ) end;

-- A reason is one of our own words; a sentence may quote what a validator said.
create function purged_reason(reason text) returns text language sql immutable parallel safe
  return case when reason ~ '^[a-z0-9_]+$' then reason when reason is not null then 'purged' end;

/*
 * @returns how many rows of each table lost something, or null when the group has no such artifact. A second call finds
 * what was written meanwhile by transactions that had begun before, and tells of no second purge.
 */
create function purge_artifact(the_group text, the_artifact uuid, purge jsonb) returns jsonb language plpgsql set search_path = pg_catalog, public as $$
declare
  subject artifact_events%rowtype;
  number bigint;
  first_time boolean;
  cancelled uuid[];
  lost jsonb := '{}';
  touched bigint;
begin
  select * into subject from artifact_events e
   where e.group_id = the_group and e.artifact_id = the_artifact order by e.sequence desc limit 1;
  if not found then
    return null;
  end if;
  -- First the lock of the name, as every write to it.
  perform from artifact_names n where (n.group_id, n.type, n.name) = (the_group, subject.type, subject.name) for update;
  first_time := not exists (
    select from artifact_events e where e.group_id = the_group and e.artifact_id = the_artifact and e.event_type = 'purged');
  perform set_config('keepr.purging', the_artifact::text, true);

  -- Nothing is left to validate. (A run of a re-validation is discarded by its worker, which counts it.)
  with ended as (
    update validation_runs r set state = 'cancelled', reason = 'purged', poll_url = null, checked_at = now()
     where r.group_id = the_group and r.artifact_id = the_artifact and r.kind <> 'recheck' and r.state in ('waiting', 'running', 'error', 'held')
    returning r.id)
  select array_agg(id) into cancelled from ended;
  delete from outbox o where o.kind = 'validate_run' and o.refs[1] = any (cancelled);
  update validation_runs r
     set findings = '[]', report_url = null, poll_url = null, reason = purged_reason(r.reason)
   where r.group_id = the_group and r.artifact_id = the_artifact
     and (r.findings <> '[]' or r.report_url is not null or r.poll_url is not null or r.reason is distinct from purged_reason(r.reason));
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('validation_runs', touched);
  update validation_tries t set reason = purged_reason(t.reason)
    from validation_runs r
   where r.group_id = the_group and r.artifact_id = the_artifact and t.run_id = r.id and t.reason is distinct from purged_reason(t.reason);

  update artifact_active a
     set content = null, json_content = null, metadata = '{}', purged_at = coalesce(a.purged_at, now()),
         revision = a.revision + 1, updated_at = now(),
         status = case a.status when 'on_verification' then 'blocked' else a.status end,
         blocked_reason = case a.status when 'on_verification' then 'purged' else a.blocked_reason end
   where a.group_id = the_group and a.id = the_artifact and (a.purged_at is null or a.metadata <> '{}');
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('artifact_active', touched);
  update artifact_history h
     set content = null, json_content = null, metadata = '{}', purged_at = coalesce(h.purged_at, now())
   where h.group_id = the_group and h.original_id = the_artifact and (h.purged_at is null or h.metadata <> '{}');
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('artifact_history', touched);

  update artifact_events e set event_data = purged_event_data(e.event_type, e.event_data)
   where e.group_id = the_group and e.artifact_id = the_artifact and e.event_data <> purged_event_data(e.event_type, e.event_data);
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('artifact_events', touched);

  update idempotency_keys k
     set answer_status = 410, answer_headers = '{"content-type": "application/problem+json"}', answer_body = purge ->> 'kept_answer', waiting_until = null
   where k.group_id = the_group and k.answer_body <> '' and k.answer_body <> purge ->> 'kept_answer'
     and (the_artifact = any (k.artifact_ids) or k.artifact_id = the_artifact);
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('idempotency_keys', touched);

  -- What is still to be sent tells of the event without metadata; what was answered may have quoted it.
  update webhook_deliveries d
     set payload = (jsonb_set(d.payload::jsonb, '{data,artifact,metadata}', '{}') #- '{data,findings}'
       #- case when d.event_type = 'policy_updated' then '{}' else '{data,changes}' end::text[])::text
    from artifact_events e
   where e.group_id = the_group and e.artifact_id = the_artifact and d.event_id = e.id and d.group_id = the_group and d.payload is not null
     and (d.payload::jsonb #> '{data,artifact,metadata}' <> '{}' or d.payload::jsonb #> '{data,findings}' is not null
       or (d.event_type <> 'policy_updated' and d.payload::jsonb #> '{data,changes}' is not null));
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('webhook_deliveries', touched);
  update webhook_attempts t set response_head = null
    from webhook_deliveries d
    join artifact_events e on e.id = d.event_id and e.group_id = d.group_id
   where e.group_id = the_group and e.artifact_id = the_artifact and t.delivery_id = d.id and t.response_head is not null;
  get diagnostics touched = row_count;
  lost := lost || jsonb_build_object('webhook_attempts', touched);

  perform set_config('keepr.purging', '', true);
  if first_time then
    -- As the purge leaves it; a discarded draft is as it was.
    select coalesce(v.status, subject.status) into subject.status
      from (values (the_artifact)) as it (id)
      left join artifact_versions v on v.group_id = the_group and v.artifact_id = it.id;
    update artifact_names n set last_sequence = n.last_sequence + 1
     where (n.group_id, n.type, n.name) = (the_group, subject.type, subject.name) returning n.last_sequence into number;
    insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor,
                                 status, usage_policy, content_hash, created_by, was_published)
    values ((purge ->> 'event_id')::uuid, the_group, the_artifact, subject.type, subject.name, subject.version, number, 'purged',
            purge -> 'event_data', purge ->> 'actor', subject.status, subject.usage_policy, subject.content_hash,
            subject.created_by, subject.was_published);
    insert into outbox (id, kind, lane, group_id, refs)
    values ((purge ->> 'message_id')::uuid, 'fan_out_events', 'events', the_group, array[(purge ->> 'event_id')::uuid]);
  end if;
  return lost;
end $$;
revoke all on function purge_artifact(text, uuid, jsonb) from public;
