-- Events get their place in the feed when their group's feed is read or they are fanned out, group by group, and not all of them by
-- the relays one after the other: no message is written once more only to say that its events have one. The outbox is short, and
-- dropping an index waits for running statements only.
-- squawk-ignore require-concurrent-index-deletion
drop index outbox_unsequenced;
-- squawk-ignore require-concurrent-index-creation
create index outbox_unsequenced on outbox (group_id, created_at, id) where kind = 'fan_out_events' and not sequenced;
-- Positions are compared within a group only.
-- squawk-ignore require-concurrent-index-deletion
drop index event_feed_position;
