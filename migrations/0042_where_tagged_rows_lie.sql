-- What few artifacts have is no more looked through by the function that finds it outside of row-level security: it tells where the rows
-- lie (ctid, good for the statement that asks), and whoever asks reads them there under its policies, which narrows them down and
-- sorts them in any case. Before (0028) rules and filters were asked for each row twice, and each row of the page was looked up by its id.
-- find_tagged_or_worded stays for the release before.
create function locate_tagged_or_worded(
  asked_tags jsonb, asked_words text, asked_type text, asked_status text, asked_category text, asked_policy text,
  made_after timestamptz, made_before timestamptz, after_time timestamptz, after_id uuid, newest_first boolean, page_size integer)
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
  if cardinality(places) <= few then
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
revoke all on function locate_tagged_or_worded from public;
grant execute on function locate_tagged_or_worded to keepr_api;
