-- A rare tag or word is found by its index however large the group is. The function of 0021 leaves the choice of the way to
-- the planner, which under forced row-level security may not use what it knows of marks (their operator is not
-- leakproof) and takes each for as common as the next: for a rare one among a million artifacts it read 200,000 from the
-- newest downwards. Now the index is asked first, for a bounded number of rows, and only what is more common than that is
-- looked for from the newest downwards, where a page of it soon comes together.

create type marked as (
  id uuid, type text, status text, usage_policy text, category text, created_by text, created_at timestamptz);

-- Bitmaps alone leave no way but the index of marks.
create function list_marked(marks bigint[], most integer) returns setof marked language plpgsql stable
set search_path = pg_catalog, public, pg_temp set enable_seqscan = off set enable_indexscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select a.id, a.type, a.status, a.usage_policy, a.category, a.created_by, a.created_at
    from artifact_active a where group_marks(a.group_id, a.tags, a.search_words) @> marks limit most;
end $$;
revoke all on function list_marked from public;

alter function find_tagged_or_worded rename to find_common_tagged_or_worded;
alter function find_common_tagged_or_worded set enable_bitmapscan = off;
revoke all on function find_common_tagged_or_worded from keepr_api;

-- As before it stands outside of row-level security, applies the same rules by itself and tells ids only.
create function find_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns table (found_id uuid) language plpgsql stable security definer rows 50
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  few constant integer := 2000;
  words constant tsvector := to_tsvector('simple', asked_words);
  marks constant bigint[] := group_marks(current_group_id(), asked_tags, words);
  matches marked[];
begin
  -- No word at all is found nowhere.
  if words = ''::tsvector or cardinality(marks) = 0 then
    return;
  end if;
  matches := array(select m from list_marked(marks, few + 1) m);
  if cardinality(matches) > few then
    return query
      select f.found_id from find_common_tagged_or_worded(
        asked_tags, asked_words, asked_type, asked_status, asked_category, asked_policy, made_after, made_before, after_time,
        after_id, newest_first, page_size) f;
    return;
  end if;
  return query
    select m.id from unnest(matches) m
     where may_see(m.created_by, m.status, m.usage_policy)
       and (asked_type is null or m.type = asked_type) and (asked_status is null or m.status = asked_status)
       and (asked_category is null or m.category = asked_category) and (asked_policy is null or m.usage_policy = asked_policy)
       and (made_after is null or m.created_at > made_after) and (made_before is null or m.created_at < made_before)
       and (after_id is null or case when newest_first then (m.created_at, m.id) < (after_time, after_id)
                                     else (m.created_at, m.id) > (after_time, after_id) end)
     order by case when newest_first then m.created_at end desc, case when newest_first then m.id end desc, m.created_at, m.id
     limit least(page_size, 201);
end $$;
revoke all on function find_tagged_or_worded from public;
grant execute on function find_tagged_or_worded to keepr_api;
