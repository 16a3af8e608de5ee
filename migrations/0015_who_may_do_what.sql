-- Who may do what to an artifact, in one predicate: the second layer now knows the operations and not only sight.
-- decide() in packages/shared/src/domain/access.ts holds the same rules; a test compares them over the whole table.

-- A restricted version is for its creator and the group's admins in every state: also for a creator who is no more than a
-- consumer by now.
create or replace function may_see(created_by text, status text, usage_policy text) returns boolean language sql stable parallel safe
  return case
    when has_role('admin') then true
    when usage_policy = 'restricted' and created_by is distinct from current_user_id() then false
    when has_role('author') then true
    else has_role('consumer') and (status = 'published' or usage_policy = 'restricted')
  end;

create function may_do(operation text, group_id text, created_by text, status text, usage_policy text) returns boolean
language sql stable parallel safe
  return case
    when group_id is distinct from current_group_id() then
      operation in ('read', 'list_versions', 'read_content', 'diff') and usage_policy = 'public' and status = 'published'
      and current_group_id() is not null and has_role('consumer')
    when not may_see(created_by, status, usage_policy) then false
    when operation in ('read', 'list_versions', 'list_events') then true
    when operation in ('read_content', 'diff') then status not in ('on_verification', 'blocked')
    when operation in ('edit_draft', 'discard_draft', 'submit_draft', 'revalidate', 'cancel', 'patch_metadata', 'narrow_policy') then
      has_role('author')
    when operation in ('widen_policy', 'roll_back', 'archive') then
      has_role('admin') or (has_role('author') and created_by = current_user_id())
    when operation = 'restore' then has_role('admin')
    else false
  end;

-- The statement tells the operation: a row leaves artifact_active as a discarded draft or for the history, and goes into the
-- history archived or rolled back (creator or admin), or cleaned up (admin).
drop policy api_authors_update on artifact_active;
create policy api_authors_update on artifact_active for update to keepr_api
  using (group_id = (select current_group_id()) and may_do('patch_metadata', group_id, created_by, status, usage_policy))
  with check (group_id = (select current_group_id()));
drop policy api_authors_delete on artifact_active;
create policy api_authors_delete on artifact_active for delete to keepr_api using (
  group_id = (select current_group_id())
  and may_do(case when status = 'draft' then 'discard_draft' else 'archive' end, group_id, created_by, status, usage_policy));
drop policy api_authors_insert on artifact_history;
create policy api_authors_insert on artifact_history for insert to keepr_api with check (
  group_id = (select current_group_id())
  and case archive_reason
    when 'archived' then may_do('archive', group_id, created_by, 'published', usage_policy)
    when 'rolled_back' then may_do('roll_back', group_id, created_by, 'published', usage_policy)
    when 'cleanup' then (select has_role('admin'))
    else false
  end);

-- A policy sees no row as it was before, so whether an update widens is asked here.
create function policy_guard() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if array_position(array['restricted', 'internal_only', 'public'], new.usage_policy)
       > array_position(array['restricted', 'internal_only', 'public'], old.usage_policy)
     and current_user = 'keepr_api'
     and not may_do('widen_policy', old.group_id, old.created_by, old.status, old.usage_policy)
  then
    perform refuse('policy_is_widened_by_creator_or_admin', 'a policy is widened by the creator or an admin');
  end if;
  return new;
end $$;
create trigger policy_guard before update of usage_policy on artifact_active for each row
  when (new.usage_policy is distinct from old.usage_policy) execute function policy_guard();

-- Any author may narrow a policy, also to `restricted`, which takes the artifact out of that author's own sight: no update
-- under row-level security can do that, so this one does it for exactly the rows that the predicate allows.
create function restrict_artifact(artifact uuid) returns void language sql security definer set search_path = pg_catalog, public as $$
  update artifact_active set usage_policy = 'restricted'
   where id = artifact and group_id = current_group_id() and status in ('draft', 'published', 'blocked')
     and may_do('narrow_policy', group_id, created_by, status, usage_policy);
$$;
revoke all on function restrict_artifact(uuid) from public;
grant execute on function restrict_artifact(uuid) to keepr_api;
