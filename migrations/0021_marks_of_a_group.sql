-- Tags and words are looked up by an index that keeps groups apart. The indexes over all groups (0002, 0017) led to the rows of
-- others first, who were then filtered out: how long that took told how often another group uses a tag or a word.

-- One number for each tag and each word, of its group: another group's same tag is another number.
create function group_marks(the_group text, tags jsonb, words tsvector) returns bigint[] language sql immutable parallel safe
  return array(select hashtextextended('tag ' || the_group || e'\n' || tag, 0)
                 from jsonb_array_elements_text(case jsonb_typeof(tags) when 'array' then tags else '[]'::jsonb end) tag)
      || array(select hashtextextended('word ' || the_group || e'\n' || word, 0) from unnest(tsvector_to_array(words)) word);

-- No release is out that could run meanwhile, so the indexes may lock.
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_marks on artifact_active using gin (group_marks(group_id, tags, search_words));
-- squawk-ignore require-concurrent-index-deletion
drop index artifact_active_search;

-- As before (0017), by marks; that two tags share a number is possible, so the caller asks for the tags and words themselves.
drop function find_tagged_or_worded(jsonb, tsquery, text, text, text, text, timestamptz, timestamptz, timestamptz, uuid, boolean, integer);
create function find_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns table (found_id uuid) language plpgsql stable security definer rows 50
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  words tsvector := to_tsvector('simple', asked_words);
  marks bigint[] := group_marks(current_group_id(), asked_tags, words);
begin
  -- No word at all is found nowhere.
  if words = ''::tsvector or cardinality(marks) = 0 then
    return;
  end if;
  if newest_first then
    return query
      select a.id from artifact_active a
       where a.group_id = current_group_id() and may_see(a.created_by, a.status, a.usage_policy)
         and group_marks(a.group_id, a.tags, a.search_words) @> marks
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (after_id is null or (a.created_at, a.id) < (after_time, after_id))
       order by a.created_at desc, a.id desc limit least(page_size, 201);
  else
    return query
      select a.id from artifact_active a
       where a.group_id = current_group_id() and may_see(a.created_by, a.status, a.usage_policy)
         and group_marks(a.group_id, a.tags, a.search_words) @> marks
         and (asked_type is null or a.type = asked_type) and (asked_status is null or a.status = asked_status)
         and (asked_category is null or a.category = asked_category) and (asked_policy is null or a.usage_policy = asked_policy)
         and (made_after is null or a.created_at > made_after) and (made_before is null or a.created_at < made_before)
         and (after_id is null or (a.created_at, a.id) > (after_time, after_id))
       order by a.created_at, a.id limit least(page_size, 201);
  end if;
end $$;
revoke all on function find_tagged_or_worded from public;
grant execute on function find_tagged_or_worded to keepr_api;
