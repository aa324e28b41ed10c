-- Files and what they are. Bytes lie in the file store under the id; a thumbnail beside them under `<id>.thumbnail`.
create table files.file (
  id text collate "C" primary key,
  owner_id text collate "C" not null,
  name text not null,
  type text not null,
  bytes bigint not null default 0,
  width int,
  height int,
  placeholder text,
  thumbnail_bytes int,
  -- `arriving`: the row comes before the bytes, so that none are ever without one. `doomed`: nobody gets it any more,
  -- and after a moment, in which a message that was being sent may still turn out to carry it, it is removed.
  state text not null check (state in ('arriving', 'ready', 'doomed')),
  -- A message was seen to carry it: no orphan.
  kept boolean not null default false,
  is_avatar boolean not null default false,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create index file_avatar on files.file (owner_id) where is_avatar;
create index file_unsettled on files.file (changed_at) where state <> 'ready' or (not kept and not is_avatar);

-- Bytes of each person's files, and of all of them under the empty id. Changed only with the files themselves.
create table files.usage (
  owner_id text collate "C" primary key,
  bytes bigint not null
);
