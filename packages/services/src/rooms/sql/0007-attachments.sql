create function rooms.file_kind(type text) returns text language sql immutable strict parallel safe as $$
  select case when type like 'image/%' then 'picture' when type like 'audio/%' or type like 'video/%' then 'media'
    else 'document' end $$;

-- Which message carries which file: what decides who may read it, wherever the message itself lies by then (the log, the
-- archive). A message's row has the shape of its files; this table has the right to them.
create table rooms.attachment (
  file_id text collate "C" not null,
  room_id text collate "C" not null,
  seq bigint not null,
  -- So that one kind is found without reading every message with a file.
  kind text not null default 'document',
  primary key (file_id, room_id, seq)
);
create index attachment_message on rooms.attachment (room_id, seq);
create index attachment_kind on rooms.attachment (room_id, kind, seq, file_id);

-- Files of messages that went, for the files service to remove. It forgets them itself once it has seen to them.
create table rooms.dropped_file (
  id bigserial primary key,
  file_id text collate "C" not null,
  at timestamptz not null default now()
);

-- A trigger, so that a message and the right to its files are one commit whoever writes the message. The condition is
-- looked at for every entry, the function is called for those few with files.
create function rooms.attach_files() returns trigger language plpgsql as $$
begin
  insert into rooms.attachment (file_id, room_id, seq, kind)
  select f ->> 'id', new.room_id, new.seq, coalesce(rooms.file_kind(f ->> 'type'), 'document')
  from jsonb_array_elements(new.data -> 'files') f
  on conflict do nothing;
  return null;
end $$;
create trigger entry_files after insert on rooms.entry
  for each row when (new.kind = 'message' and new.data ? 'files') execute function rooms.attach_files();
