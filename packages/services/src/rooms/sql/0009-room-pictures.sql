alter table rooms.room add column picture_file_id text collate "C";
create index room_picture on rooms.room (picture_file_id) where picture_file_id is not null;
