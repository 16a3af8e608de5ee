-- What is asked of a table that has never been analysed is planned in the dark: any index that begins with the group looks as good as
-- the key, and thousands of rows are looked through for one, until autovacuum comes by (a minute, as it is delivered). So services
-- have a table analysed as soon as there is anything to learn from it. A large one, as after a restore, takes longer than they may
-- wait, and is left to autovacuum or to who restores it.
create function analyze_new_tables() returns setof text language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
  new_table regclass;
begin
  for new_table in
    select c.oid::regclass from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relowner = current_user::regrole
       and c.reltuples < 0 and pg_relation_size(c.oid) between 64 * 1024 and 32 * 1024 * 1024
  loop
    -- One of many services does it.
    if pg_try_advisory_xact_lock(hashtextextended('keepr analyzes ' || new_table, 0)) then
      execute format('analyze %s', new_table);
      return next new_table::text;
    end if;
  end loop;
end $$;
revoke all on function analyze_new_tables() from public;
grant execute on function analyze_new_tables() to keepr_api, keepr_validation, keepr_webhook;
