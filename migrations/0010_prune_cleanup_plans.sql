-- The validation worker prunes what is not kept for ever; of cleanup plans it needs to see no more than their age.
grant select (id, created_at), delete on cleanup_plans to keepr_validation;
create policy validation_pruning on cleanup_plans for select to keepr_validation using (created_at < now() - interval '24 hours');
create policy validation_pruning_delete on cleanup_plans for delete to keepr_validation using (created_at < now() - interval '24 hours');
