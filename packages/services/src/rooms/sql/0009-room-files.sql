-- The list of a room's files, and its picture.

create function rooms.file_kind(type text) returns text language sql immutable strict parallel safe as $$
  select case when type like 'image/%' then 'picture' when type like 'audio/%' or type like 'video/%' then 'media'
    else 'document' end $$;

-- So that one kind is found without reading every message with a file.
alter table rooms.attachment add column kind text not null default 'document';
update rooms.attachment a set kind = rooms.file_kind(f ->> 'type')
from rooms.log e cross join lateral jsonb_array_elements(e.data -> 'files') f
where e.room_id = a.room_id and e.seq = a.seq and f ->> 'id' = a.file_id;
create index attachment_kind on rooms.attachment (room_id, kind, seq, file_id);

create or replace function rooms.attach_files() returns trigger language plpgsql as $$
begin
  insert into rooms.attachment (file_id, room_id, seq, kind)
  select f ->> 'id', new.room_id, new.seq, coalesce(rooms.file_kind(f ->> 'type'), 'document')
  from jsonb_array_elements(new.data -> 'files') f
  on conflict do nothing;
  return null;
end $$;

alter table rooms.room add column picture_file_id text collate "C";
create index room_picture on rooms.room (picture_file_id) where picture_file_id is not null;
