-- What is swept of a room: its items below its floor, or all of them.
create index item_room on notifications.item (room_id, seq);
