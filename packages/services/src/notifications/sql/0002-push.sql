-- Web push. No text of anybody is kept here either: it is asked for when a push is sent.

-- What this server signs its requests to push services with (VAPID); made at the first start.
create table notifications.push_key (
  only_one boolean primary key default true check (only_one),
  -- A point of P-256, uncompressed, base64url: what browsers subscribe with.
  public_key text not null,
  private_jwk jsonb not null
);

create table notifications.push_subscription (
  device_id text collate "C" primary key,
  user_id text collate "C" not null,
  endpoint text collate "C" not null unique,
  p256dh text not null,
  auth text not null,
  language text not null,
  renewed_at bigint not null
);
create index push_subscription_user on notifications.push_subscription (user_id);

-- What is due, at most one a device, room and what it is about (what is unread there, or a call that rings): something newer
-- takes its place. A row is there until it was sent, so
-- that work which the queue repeats finds nothing to do.
create table notifications.push (
  id text collate "C" primary key,
  device_id text collate "C" not null references notifications.push_subscription on delete cascade,
  room_id text collate "C" not null,
  seq bigint not null,
  kind text not null check (kind in ('show', 'clear')),
  about text not null default 'inbox' check (about in ('inbox', 'ring')),
  at bigint not null,
  -- When it is handed to the queue; null once the queue has it.
  due_at bigint,
  -- A process is sending it and has until then.
  held_until bigint,
  attempts int not null default 0,
  unique (device_id, room_id, about)
);
create index push_due on notifications.push (due_at) where due_at is not null;
create index push_at on notifications.push (at);

-- What a device was sent and may still show.
create table notifications.push_shown (
  device_id text collate "C" not null references notifications.push_subscription on delete cascade,
  room_id text collate "C" not null,
  seq bigint not null,
  about text not null default 'inbox',
  primary key (device_id, room_id, about)
);

alter table notifications.person add column push_content text not null default 'full'
  check (push_content in ('full', 'sender', 'none'));
