-- A page of what is public or restricted: where a group has little of it, the newest-first index would be read to its end.
-- No release is out that could run meanwhile, so the index may lock.
-- squawk-ignore require-concurrent-index-creation
create index artifact_active_by_policy on artifact_active (group_id, usage_policy, created_at desc, id desc) where usage_policy <> 'internal_only';
