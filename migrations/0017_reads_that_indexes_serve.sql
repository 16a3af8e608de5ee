-- Reads of a group with very many artifacts: what the policies cost, which index a page comes from, and how tags
-- and words are found although their operators are not leakproof.

-- The same rules as before (0008). As a `case` instead of an `or` they no longer tempt the planner to gather all versions of a
-- name by two bitmaps and to sort them, where one step down an index finds the latest.
alter policy api_visible on artifact_active using (
  case when group_id = (select current_group_id()) then may_see(created_by, status, usage_policy)
       else usage_policy = 'public' and status = 'published' and (select current_group_id()) is not null and (select has_role('consumer')) end);

-- Asked for each row that a policy looks at: comparing text is cheaper than making an array of it first.
create or replace function has_role(role text) returns boolean language sql stable parallel safe
  return strpos(',' || coalesce(current_setting('keepr.roles', true), '') || ',', ',' || role || ',') > 0;

-- Pages, newest first, of what is narrowed down by one of these; other filters are checked on the way. No release is out
-- that could run meanwhile, so the indexes may lock.
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_by_status on artifact_active (group_id, status, created_at desc, id desc) where status <> 'published';
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_by_category on artifact_active (group_id, category, created_at desc, id desc) where category is not null;
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_by_type on artifact_active (group_id, type, created_at desc, id desc);
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_public_by_age on artifact_active (created_at desc, id desc) where status = 'published' and usage_policy = 'public';

-- Under row-level security a condition may use an index only if its operator is leakproof, and those of tags (@>) and words
-- (@@) are not. This function stands outside of it, so it tells no more than ids, and applies the same rules by itself; the
-- caller reads the rows under its policies again. It is planned anew for each call: whether a page comes from the GIN index or
-- from the newest downwards depends on how rare the tag is.
create function find_tagged_or_worded(
  asked_tags jsonb, asked_words tsquery, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns table (found_id uuid) language plpgsql stable security definer rows 50
set search_path = pg_catalog, public set plan_cache_mode = force_custom_plan as $$
begin
  if newest_first then
    return query
      select a.id from artifact_active a
       where a.group_id = current_group_id() and may_see(a.created_by, a.status, a.usage_policy)
         and (asked_tags is null or a.tags @> asked_tags) and (asked_words is null or a.search_words @@ asked_words)
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (after_id is null or (a.created_at, a.id) < (after_time, after_id))
       order by a.created_at desc, a.id desc limit least(page_size, 201);
  else
    return query
      select a.id from artifact_active a
       where a.group_id = current_group_id() and may_see(a.created_by, a.status, a.usage_policy)
         and (asked_tags is null or a.tags @> asked_tags) and (asked_words is null or a.search_words @@ asked_words)
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (after_id is null or (a.created_at, a.id) > (after_time, after_id))
       order by a.created_at, a.id limit least(page_size, 201);
  end if;
end $$;
revoke all on function find_tagged_or_worded from public;
grant execute on function find_tagged_or_worded to keepr_api;
