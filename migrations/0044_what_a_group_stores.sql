-- Under MAX_STORED_BYTES each submission asks what its group stores, one after the other, and each read every row of the group for it: in
-- a group of 80,000 versions 16 clients got three submissions a second done, and as many were answered with 503. The index by age
-- tells it now, which every row of the group has an entry in already. No release is out that could run meanwhile, so the indexes may lock.
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_by_age_and_size on artifact_active (group_id, created_at desc, id desc) include (content_size, purged_at);
-- squawk-ignore require-concurrent-index-deletion
drop index artifact_active_by_age;
alter index artifact_active_by_age_and_size rename to artifact_active_by_age;
-- squawk-ignore require-concurrent-index-creation
create index artifact_history_by_age_and_size on artifact_history (group_id, created_at desc, original_id desc)
  include (content_size, purged_at) where restored_at is null;
-- squawk-ignore require-concurrent-index-deletion
drop index artifact_history_by_age;
alter index artifact_history_by_age_and_size rename to artifact_history_by_age;
