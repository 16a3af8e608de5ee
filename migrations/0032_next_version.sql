-- The version of a submission that names none is chosen where it is stored, in the statement that stores it: nobody waits for what
-- stands under a name to travel to the service and back while the name is locked.
--
-- `highest` is the highest integer, or the highest release, that the name and type ever used in any state; above it everything is
-- free. Null when the numbers are used up. A part of a SemVer version is at most 2^53-1, so that JavaScript can tell it from the next.
create function next_version(versioning text, highest text, bump text) returns text
language plpgsql immutable parallel safe as $$
declare
  part bigint[];
begin
  if versioning = 'integer' then
    return case when highest is null then '1' when highest::bigint < 2147483647 then (highest::bigint + 1)::text end;
  end if;
  if highest is null then
    return '0.1.0';
  end if;
  part := string_to_array(split_part(highest, '-', 1), '.')::bigint[];
  part := case bump
            when 'major' then array[part[1] + 1, 0, 0]
            when 'minor' then array[part[1], part[2] + 1, 0]
            else array[part[1], part[2], part[3] + 1]
          end;
  return case when greatest(part[1], part[2], part[3]) <= 9007199254740991 then array_to_string(part, '.') end;
end $$;
