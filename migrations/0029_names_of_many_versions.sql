-- The planner takes the versions of a name for few, as most names have few, and then two indexes for equally good at finding one
-- of them: that of the coordinates, which is one step, and that by name, which reads all versions of the name. Which of the two it
-- took changed with the size of the table. Told that a name has many, it takes the first; this holds from the next ANALYZE on.
alter table artifact_active alter column name set (n_distinct = -0.001);
alter table artifact_versions alter column name set (n_distinct = -0.001);
