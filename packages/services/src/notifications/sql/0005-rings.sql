-- For whom a call rings now. A row goes when it rings for them no longer; nobody is told twice of the same ringing.
create table notifications.ring (
  room_id text collate "C" not null,
  user_id text collate "C" not null,
  call_id text collate "C" not null,
  -- Of the line of the log that says that the call was started.
  seq bigint not null,
  sender text collate "C" not null,
  media text not null,
  at bigint not null,
  primary key (room_id, user_id)
);
create index ring_at on notifications.ring (at);
create index ring_call on notifications.ring (call_id);
