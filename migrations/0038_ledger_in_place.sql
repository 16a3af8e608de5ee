-- A version's entry in the ledger is written as it is submitted, and again as it is published; so is its name. No index names what changes
-- in them, and pages keep room: the second row stands beside the first, without new entries in any index. And the ledger follows
-- all that a statement publishes at once: one by one its entries took a third of the publication.

-- What is published of a type over all groups, for re-validation, is asked of what is in use. No release is out that could run
-- meanwhile, so the indexes may lock.
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_published_by_type on artifact_active (type, id) where status = 'published';
-- squawk-ignore require-concurrent-index-deletion
drop index artifact_versions_published_by_type;
alter table artifact_versions set (fillfactor = 50);
alter table artifact_names set (fillfactor = 50);

create function list_published_of_type(asked_type text, after uuid, most integer)
returns table (artifact_id uuid, group_id text, content_hash text) language sql stable security definer rows 8
set search_path = pg_catalog, public, pg_temp as $$
  select a.id, a.group_id, a.content_hash from artifact_active a
   where a.type = asked_type and a.status = 'published' and a.id > after
   order by a.id limit most
$$;
create function count_published_of_type(asked_type text) returns bigint language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
  select count(*) from artifact_active a where a.type = asked_type and a.status = 'published'
$$;
revoke all on function list_published_of_type(text, uuid, integer), count_published_of_type(text) from public;
grant execute on function list_published_of_type(text, uuid, integer), count_published_of_type(text) to keepr_validation;
alter policy validation_sight on artifact_versions using (group_id = (select current_group_id()));

-- As ledger_follows_artifact(), which is left with what is archived and restored. A trigger of statements cannot ask which columns were
-- named, so that entries which say so already are left as they are. Planned for what has changed: planned while the ledger was
-- empty, it would be read from end to end.
create function ledger_follows_artifacts() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan as $$
begin
  update artifact_versions v
     set status = c.status, usage_policy = c.usage_policy, content_hash = c.content_hash, submitted = v.submitted or c.status <> 'draft'
    from changed c
   where v.group_id = c.group_id and v.type = c.type and v.name = c.name and v.version = c.version
     and (v.status, v.usage_policy, v.content_hash) is distinct from (c.status, c.usage_policy, c.content_hash);
  return null;
end $$;
revoke all on function ledger_follows_artifacts() from public;
drop trigger ledger_follows_update on artifact_active;
create trigger ledger_follows_update after update on artifact_active referencing new table as changed
  for each statement execute function ledger_follows_artifacts();
