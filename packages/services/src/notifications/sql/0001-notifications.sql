-- Who was told what. No text of anybody is kept here: it is asked of the rooms service when it is shown.

-- How far each room's log was looked at.
create table notifications.room (
  room_id text collate "C" primary key,
  seq bigint not null
);

create table notifications.item (
  id text collate "C" primary key,
  user_id text collate "C" not null,
  room_id text collate "C" not null,
  seq bigint not null,
  kind text not null,
  sender text collate "C" not null,
  -- Of the entry; milliseconds since the epoch, as everywhere on the wire.
  at bigint not null,
  -- A read watermark from here on has read it as well. That of an addition lies beyond the watermark that the
  -- membership began with, which says nothing about what anybody has seen.
  read_from bigint not null,
  read_at timestamptz,
  -- Of a missed call: 'sound' or 'video'.
  media text,
  unique (user_id, room_id, seq)
);
create index item_user on notifications.item (user_id, at desc, seq desc, id desc);
create index item_unread on notifications.item (user_id, room_id, read_from) where read_at is null;

-- Not decided yet: who is connected may be about to say that it arrived.
create table notifications.waiting (
  room_id text collate "C" not null,
  user_id text collate "C" not null,
  seq bigint not null,
  kind text not null,
  sender text collate "C" not null,
  at bigint not null,
  media text,
  due_at bigint not null,
  primary key (room_id, user_id, seq)
);
create index waiting_due on notifications.waiting (due_at);

-- `version` numbers the states of a person's inbox, so that devices can tell older news from newer.
create table notifications.person (
  user_id text collate "C" primary key,
  version bigint not null default 0,
  -- Milliseconds since the epoch.
  do_not_disturb_until bigint,
  quiet_hours jsonb
);

-- Only what differs from the default.
create table notifications.level (
  room_id text collate "C" not null,
  user_id text collate "C" not null,
  level text not null check (level in ('all', 'mentions', 'none')),
  primary key (room_id, user_id)
);
create index level_all on notifications.level (room_id, user_id) where level = 'all';
