-- A page by name took the index of names whatever tag or word was asked for: of what few have, all of a large group was read, for four
-- seconds or in vain at a million. What few have is told by a function of its own, for pages in an order whose index knows nothing of it.
create function find_rarely_marked(asked_tags jsonb, asked_words text)
returns uuid[] language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
-- That leaves no way but the index of marks.
set enable_seqscan = off as $$
declare
  few constant integer := 2000;
  words constant tsvector := to_tsvector('simple', asked_words);
  marks constant bigint[] := group_marks(current_group_id(), asked_tags, words);
  ids uuid[];
begin
  -- No word at all is found nowhere.
  if words = ''::tsvector or cardinality(marks) = 0 then
    return '{}';
  end if;
  ids := array(
    select a.id from artifact_active a where group_marks(a.group_id, a.tags, a.search_words) @> marks limit few + 1);
  -- Unknown where many have it.
  return case when cardinality(ids) <= few then ids end;
end $$;
revoke all on function find_rarely_marked from public;
grant execute on function find_rarely_marked to keepr_api;
