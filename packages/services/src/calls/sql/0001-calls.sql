-- Who is in which call. What happened is told in the rooms' logs.

create table calls.call (
  id text collate "C" primary key,
  room_id text collate "C" not null,
  -- As the machine knows it.
  call jsonb not null,
  lines int not null default 0,
  -- When time alone changes something; null where it does not.
  due_at timestamptz,
  ended_at timestamptz
);
-- Who starts a call where there is one joins it.
create unique index call_open on calls.call (room_id) where ended_at is null;
-- Few are not over at a time.
create index call_people on calls.call using gin ((call->'participants')) where ended_at is null;
create index call_due on calls.call (due_at) where due_at is not null;

-- Who is in a call now, at which endpoint, and when it was last heard of.
create table calls.presence (
  call_id text collate "C" not null references calls.call on delete cascade,
  user_id text collate "C" not null,
  endpoint text collate "C" not null,
  seen_at timestamptz not null,
  primary key (call_id, user_id)
);
create index presence_user on calls.presence (user_id);
create index presence_seen on calls.presence (seen_at);

-- What the rooms' logs have not got yet, in the order of `n` for each call.
create table calls.line (
  call_id text collate "C" not null references calls.call on delete cascade,
  n int not null,
  room_id text collate "C" not null,
  sender text collate "C" not null,
  line jsonb not null,
  primary key (call_id, n)
);
