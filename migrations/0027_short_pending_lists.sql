-- What is inserted waits in a list until it is merged into a GIN index, and every search reads the list from end to end. By
-- default it grows to 4 MB: a search for one rare tag read 500 blocks of it, and whoever inserts when it is full waits for
-- the merge of thirty thousand entries. 256 kB keep most of what merging many at once saves.
alter index artifact_active_marks set (gin_pending_list_limit = 256);
alter index artifact_active_tags set (gin_pending_list_limit = 256);
alter index artifact_active_metadata set (gin_pending_list_limit = 256);
