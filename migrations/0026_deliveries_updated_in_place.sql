-- A delivery is written as pending, and once more when it was made. No index may name its state, or the second write makes a new
-- entry in every one of them: half of what the record of a delivery cost, and a third of its log. What is pending has a message
-- in the outbox, and that is where it is looked for.

-- By age for pruning. No release is out that could run meanwhile, so the indexes may lock.
-- squawk-ignore require-concurrent-index-creation
create index webhook_deliveries_by_time on webhook_deliveries (created_at);
-- squawk-ignore require-concurrent-index-deletion
drop index webhook_deliveries_by_age;
-- squawk-ignore require-concurrent-index-deletion
drop index webhook_deliveries_pending;

-- Room for the second write beside the first.
alter table webhook_deliveries set (fillfactor = 50);
