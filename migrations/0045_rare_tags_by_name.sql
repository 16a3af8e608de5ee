-- A page by name took the index of names whatever tag or word was asked for: of what few have, all of a large group was read, for four
-- seconds or in vain at a million. Where the rows of what few have lie is told by a function of its own now, so that pages in any order
-- are found by them.
create function locate_rarely_marked(asked_tags jsonb, asked_words text)
returns tid[] language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
-- That leaves no way but the index of marks.
set enable_seqscan = off as $$
declare
  few constant integer := 2000;
  words constant tsvector := to_tsvector('simple', asked_words);
  marks constant bigint[] := group_marks(current_group_id(), asked_tags, words);
  places tid[];
begin
  -- No word at all is found nowhere.
  if words = ''::tsvector or cardinality(marks) = 0 then
    return '{}';
  end if;
  places := array(
    select a.ctid from artifact_active a where group_marks(a.group_id, a.tags, a.search_words) @> marks limit few + 1);
  -- Unknown where many have it.
  return case when cardinality(places) <= few then places end;
end $$;
revoke all on function locate_rarely_marked from public;
grant execute on function locate_rarely_marked to keepr_api;

create or replace function locate_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
returns tid[] language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
declare
  places constant tid[] := locate_rarely_marked(asked_tags, asked_words);
begin
  if places is not null then
    return places;
  end if;
  -- What many have is found a page at a time.
  return array(
    select a.ctid
      from find_common_tagged_or_worded(
        asked_tags, asked_words, asked_type, asked_status, asked_category, asked_policy, made_after, made_before, after_time,
        after_id, newest_first, page_size) f
      join artifact_active a on a.id = f.found_id);
end $$;
