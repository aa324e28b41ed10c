-- A row of the outbox goes two ways at its own pace: it is announced on the bus within a second or two, whatever the
-- queue does, and it is removed once the queue has its work.
alter table rooms.outbox add column announced boolean not null default false;
create index outbox_unannounced on rooms.outbox (id) where not announced;
create index outbox_announced on rooms.outbox (id) where announced;
