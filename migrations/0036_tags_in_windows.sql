-- What many have is looked for in windows of a list that grow while they hold little of it, by a bitmap of the index of marks and
-- one of the list's own index: rows that have none of it are not read. Before (0028) the list was walked row by row: for a
-- tag of which the newest 128,000 of 200,000 artifacts had none a page took seconds, and at a million none came in time.
create or replace function find_common_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns table (found_id uuid) language plpgsql stable security definer rows 50
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan
-- A bitmap that does not fit tells pages only, of which every row is looked at.
set work_mem = '64MB' set enable_seqscan = off set enable_indexscan = on set enable_bitmapscan = on
set max_parallel_workers_per_gather = 0 as $$
declare
  narrow constant bigint := 250;
  words constant tsquery := plainto_tsquery('simple', asked_words);
  marks constant bigint[] := group_marks(current_group_id(), asked_tags, to_tsvector('simple', asked_words));
  -- Before the first row of the list, and behind its last.
  oldest constant uuid := '00000000-0000-0000-0000-000000000000';
  newest constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  near_time timestamptz := coalesce(after_time, (case when newest_first then 'infinity' else '-infinity' end)::timestamptz);
  near_id uuid := coalesce(after_id, case when newest_first then newest else oldest end);
  far_time timestamptz;
  far_id uuid;
  width bigint := narrow;
  most bigint := 2000;
  missing integer := least(page_size, 201);
  is_last boolean;
  is_halved boolean := false;
  matches bigint;
  page uuid[];
begin
  loop
    -- Where the window ends. What most rows have is left out here and below: no index knows it, so that each row would be read.
    if newest_first then
      select a.created_at, a.id into far_time, far_id from artifact_active a
       where a.group_id = current_group_id() and (a.created_at, a.id) < (near_time, near_id)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (asked_category is null or a.category = asked_category)
         and (asked_type is null or asked_category is not null or a.type = asked_type)
         and (asked_status is null or asked_status = 'published' or a.status = asked_status)
         and (asked_policy is null or asked_policy = 'internal_only' or a.usage_policy = asked_policy)
       order by a.created_at desc, a.id desc offset width - 1 limit 1;
    else
      select a.created_at, a.id into far_time, far_id from artifact_active a
       where a.group_id = current_group_id() and (a.created_at, a.id) > (near_time, near_id)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (asked_category is null or a.category = asked_category)
         and (asked_type is null or asked_category is not null or a.type = asked_type)
         and (asked_status is null or asked_status = 'published' or a.status = asked_status)
         and (asked_policy is null or asked_policy = 'internal_only' or a.usage_policy = asked_policy)
       order by a.created_at, a.id offset width - 1 limit 1;
    end if;
    is_last := not found;
    if is_last then
      far_time := case when newest_first then '-infinity' else 'infinity' end;
      far_id := case when newest_first then oldest else newest end;
    end if;
    -- A narrow window is read as it is: the bitmap of a very common mark alone would take longer.
    with marked as materialized (
      select a.id, a.type, a.status, a.usage_policy, a.category, a.created_by, a.created_at
        from artifact_active a
       where a.group_id = current_group_id() and a.id <> near_id
         and (a.created_at, a.id) >= (least(near_time, far_time), case when newest_first then far_id else near_id end)
         and (a.created_at, a.id) <= (greatest(near_time, far_time), case when newest_first then near_id else far_id end)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (asked_category is null or a.category = asked_category)
         and (asked_type is null or asked_category is not null or a.type = asked_type)
         and (asked_status is null or asked_status = 'published' or a.status = asked_status)
         and (asked_policy is null or asked_policy = 'internal_only' or a.usage_policy = asked_policy)
         and (asked_tags is null or (a.tags @> asked_tags) is true) and (asked_words is null or a.search_words @@ words)
         and (width <= narrow or group_marks(a.group_id, a.tags, a.search_words) @> marks)
       limit most + 1)
    select count(*), array(
      select a.id from marked a
       where may_see(a.created_by, a.status, a.usage_policy)
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_policy is null or a.usage_policy = asked_policy)
       order by case when newest_first then a.created_at end desc, case when newest_first then a.id end desc, a.created_at, a.id
       limit missing) into matches, page
      from marked;
    -- Too many are in it, which may all be behind the page: halves are looked at until the page begins in one.
    if matches > most then
      is_halved := true;
      width := greatest(width / 2, narrow);
      continue;
    end if;
    return query select unnest(page);
    missing := missing - cardinality(page);
    exit when missing = 0 or is_last;
    near_time := far_time;
    near_id := far_id;
    if matches > 0 then
      is_halved := false;
      most := most * 2;
    end if;
    width := case when is_halved then greatest(width / 2, narrow) else width * 16 end;
  end loop;
end $$;
