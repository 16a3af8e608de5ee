-- Who is asking. Each transaction carries its actor in three settings, and every row-level security policy
-- reads them through these functions. An unset or empty setting is null: it matches no row.

create function current_group_id() returns text language sql stable parallel safe
  return nullif(current_setting('keepr.group_id', true), '');

create function current_user_id() returns text language sql stable parallel safe
  return nullif(current_setting('keepr.user_id', true), '');

create function has_role(role text) returns boolean language sql stable parallel safe
  return role = any (string_to_array(coalesce(current_setting('keepr.roles', true), ''), ','));

-- Which releases of the software this schema works with; a service refuses to start outside of it.
create table schema_support (
  only_row boolean primary key default true constraint schema_support_has_one_row check (only_row),
  oldest_release text not null
);
insert into schema_support (oldest_release) values ('0.1.0');
