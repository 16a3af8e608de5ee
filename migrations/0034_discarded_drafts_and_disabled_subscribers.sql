-- The first version of a name decides its versioning for ever, and a draft that was discarded is none: while a name has no version in the
-- ledger, the next one decides anew. Services could not write the column (0020); now they can, and it is guarded here.

-- Volatile, as it is asked when the name is locked: it sees what others have committed until then, which the asking statement may not.
create function has_versions(the_group text, the_type text, the_name text) returns boolean
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  return exists (select from artifact_versions v where v.group_id = the_group and v.type = the_type and v.name = the_name);
end $$;

create function versioning_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if has_versions(old.group_id, old.type, old.name) then
    perform refuse('versioning_is_that_of_the_first_version', 'a name that has versions keeps their kind');
  end if;
  return new;
end $$;
create trigger versioning_guard before update of versioning on artifact_names
  for each row when (new.versioning <> old.versioning) execute function versioning_guard();

grant update (versioning) on artifact_names to keepr_api;

-- An admin who sends a delivery again is told that its subscriber is disabled, rather than that it was sent and then missed.
create policy api_admins_look on webhook_subscribers for select to keepr_api using ((select has_role('admin')));
