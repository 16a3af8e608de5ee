-- That a place of the feed is one of an event was asked for each place by its foreign key, which locked and wrote the event's row for it:
-- half of what giving places took. It is asked once for all that a statement places now, and that the event is the group's own, which
-- no rule said before. Events are never deleted (events_are_append_only), which is what else the key was for.
create function feed_guard() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
begin
  -- Looked up one by one: a join planned while there were few events would read all of them.
  if exists (
    select from placed p where (select e.group_id from artifact_events e where e.id = p.event_id) is distinct from p.group_id)
  then
    perform refuse('feed_tells_of_events_of_the_group', 'a feed tells of events of its group');
  end if;
  return null;
end $$;
revoke all on function feed_guard() from public;
create trigger feed_guard after insert on event_feed referencing new table as placed
  for each statement execute function feed_guard();
alter table event_feed drop constraint event_feed_event_id_fkey;
