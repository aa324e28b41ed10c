-- Rooms, members and the room log. Ids compare byte by byte: they are ASCII and only ever looked up.

-- The rooms service's own copy of auth's users and permissions, fed by events.
create table rooms.users (
  id text collate "C" primary key,
  username text not null unique,
  display_name text not null,
  avatar_file_id text,
  admin boolean not null,
  disabled boolean not null,
  permissions jsonb not null,
  version bigint not null
);

create table rooms.room (
  id text collate "C" primary key,
  kind text not null check (kind in ('public', 'group', 'direct')),
  name text not null,
  -- Case-folded: names of public rooms are unique by it.
  name_key text not null,
  owner_id text collate "C",
  -- Both ids of a direct room, in order: two people have one room.
  direct_key text collate "C" unique,
  head_seq bigint not null default 0,
  first_seq bigint not null default 1,
  -- The search index knows the entries up to here; what is younger is read from the log itself.
  indexed_seq bigint not null default 0,
  member_count int not null default 0,
  created_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  changed xid8 not null default pg_current_xact_id(),
  deleted_at timestamptz,
  -- When nothing of a deleted room but its tombstone was left.
  purged_at timestamptz
) with (fillfactor = 50); -- room for HOT updates: every append moves head_seq

create unique index room_public_name on rooms.room (name_key) where kind = 'public' and deleted_at is null;
create index room_search on rooms.room using gin (public.parley_fold(name) public.gin_trgm_ops) where kind = 'public';
create index room_purge on rooms.room (deleted_at) where deleted_at is not null;

-- An ended membership stays as a tombstone, so that a resuming client can be told it is gone.
create table rooms.member (
  room_id text collate "C" not null,
  user_id text collate "C" not null,
  role text not null check (role in ('owner', 'admin', 'member', 'reader')),
  joined_at timestamptz not null default now(),
  ended_at timestamptz,
  changed xid8 not null default pg_current_xact_id(),
  primary key (room_id, user_id)
);
create index member_user on rooms.member (user_id, room_id);

create table rooms.ban (
  room_id text collate "C" not null,
  user_id text collate "C" not null,
  by_id text collate "C" not null,
  at timestamptz not null default now(),
  primary key (room_id, user_id)
);

-- Watermarks live apart from members: they change with every glance, memberships hardly ever.
create table rooms.mark (
  room_id text collate "C" not null,
  user_id text collate "C" not null,
  read_seq bigint not null,
  delivered_seq bigint not null,
  -- What was read on another device changes my unread count, so a resume must list the room.
  changed xid8 not null default pg_current_xact_id(),
  primary key (room_id, user_id)
) with (fillfactor = 70);

-- The log. What only some kinds have is in `data`; a deletion blanks `body` and keeps the number.
create table rooms.entry (
  room_id text collate "C" not null,
  seq bigint not null,
  kind text not null,
  sender text collate "C" not null,
  client_id text collate "C",
  at timestamptz not null,
  body text,
  target bigint,
  data jsonb,
  -- Newest edit of a message, and whether it was deleted.
  edit_seq bigint,
  redacted boolean not null default false,
  primary key (room_id, seq)
);
create unique index entry_client on rooms.entry (room_id, sender, client_id);
create index entry_message on rooms.entry (room_id, seq) include (sender) where kind = 'message' and not redacted;
create index entry_target on rooms.entry (room_id, target) where target is not null;

-- Present state of reactions, with the entry that made it so.
create table rooms.reaction (
  room_id text collate "C" not null,
  target bigint not null,
  emoji text collate "C" not null,
  user_id text collate "C" not null,
  seq bigint not null,
  active boolean not null,
  primary key (room_id, target, emoji, user_id)
);

create table rooms.pin (
  room_id text collate "C" not null,
  target bigint not null,
  seq bigint not null,
  active boolean not null,
  primary key (room_id, target)
);

create table rooms.search (
  room_id text collate "C" not null,
  seq bigint not null,
  sender text collate "C" not null,
  at timestamptz not null,
  folded text not null,
  primary key (room_id, seq)
);
create index search_folded on rooms.search using gin (folded public.gin_trgm_ops);

-- One row a committed batch: removed once its heads were announced and its messages are searchable.
create table rooms.outbox (
  id bigserial primary key,
  at timestamptz not null default clock_timestamp(),
  heads jsonb not null
);

-- Half of the epoch of resume cursors; `parley migrate --new-epoch` changes it after a file-level restore.
create table rooms.meta (epoch text not null);
insert into rooms.meta values (substr(md5(random()::text || clock_timestamp()::text), 1, 8));

-- Text that LIKE takes letter by letter.
create function rooms.like_literal(text) returns text language sql immutable strict parallel safe
  as $$ select replace(replace(replace($1, '\', '\\'), '%', '\%'), '_', '\_') $$;
