-- Events get their place in the feed when their group's feed is read or they are fanned out, group by group, and not all of them by
-- the relays one after the other: no message is written once more only to say that its events have one.
drop index outbox_unsequenced;
create index outbox_unsequenced on outbox (group_id, created_at, id) where kind = 'fan_out_events' and not sequenced;
-- Positions are compared within a group only.
drop index event_feed_position;
