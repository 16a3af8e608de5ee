-- What few artifacts have is found, counted, looked through and sorted in one statement. Before (0023) it went from function to
-- function as an array of rows, which cost more than finding it.
create or replace function find_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns table (found_id uuid) language plpgsql stable security definer rows 50
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
-- Bitmaps alone leave no way but the index of marks.
set enable_seqscan = off set enable_indexscan = off as $$
declare
  few constant integer := 2000;
  words constant tsvector := to_tsvector('simple', asked_words);
  marks constant bigint[] := group_marks(current_group_id(), asked_tags, words);
  total integer;
  page uuid[];
begin
  -- No word at all is found nowhere.
  if words = ''::tsvector or cardinality(marks) = 0 then
    return;
  end if;
  with matches as materialized (
    select a.id, a.type, a.status, a.usage_policy, a.category, a.created_by, a.created_at
      from artifact_active a where group_marks(a.group_id, a.tags, a.search_words) @> marks limit few + 1)
  select count(*), array(
    select a.id from matches a
     where may_see(a.created_by, a.status, a.usage_policy)
       and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
       and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
       and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
       and (after_id is null or case when newest_first then (a.created_at, a.id) < (after_time, after_id)
                                     else (a.created_at, a.id) > (after_time, after_id) end)
     order by case when newest_first then a.created_at end desc, case when newest_first then a.id end desc, a.created_at, a.id
     limit least(page_size, 201)) into total, page
    from matches;
  if total <= few then
    return query select unnest(page);
  else
    return query
      select f.found_id from find_common_tagged_or_worded(
        asked_tags, asked_words, asked_type, asked_status, asked_category, asked_policy, made_after, made_before, after_time,
        after_id, newest_first, page_size) f;
  end if;
end $$;
drop function list_marked;
drop type marked;

-- What many have is looked for from the newest (or oldest) downwards by the tags and words themselves: their marks have to be
-- made of each row, which costs thirty times as much, and where the newest have none of it there are many rows to look at.
create or replace function find_common_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns table (found_id uuid) language plpgsql stable security definer rows 50
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan
set enable_bitmapscan = off set enable_seqscan = off set enable_indexscan = on as $$
declare
  words constant tsquery := plainto_tsquery('simple', asked_words);
begin
  if newest_first then
    return query
      select a.id from artifact_active a
       where a.group_id = current_group_id() and may_see(a.created_by, a.status, a.usage_policy)
         and (asked_tags is null or a.tags @> asked_tags) and (asked_words is null or a.search_words @@ words)
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (after_id is null or (a.created_at, a.id) < (after_time, after_id))
       order by a.created_at desc, a.id desc limit least(page_size, 201);
  else
    return query
      select a.id from artifact_active a
       where a.group_id = current_group_id() and may_see(a.created_by, a.status, a.usage_policy)
         and (asked_tags is null or a.tags @> asked_tags) and (asked_words is null or a.search_words @@ words)
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (after_id is null or (a.created_at, a.id) > (after_time, after_id))
       order by a.created_at, a.id limit least(page_size, 201);
  end if;
end $$;
