-- Calls on media servers: what has to be ended there, and what another process needs to go on with it.

create table calls.media_room (
  call_id text collate "C" not null references calls.call on delete cascade,
  generation int not null,
  server text not null,
  room text not null,
  secret text not null,
  primary key (call_id, generation)
);

-- Somebody's connections with the server: one seat for each person in a call.
create table calls.media_seat (
  call_id text collate "C" not null references calls.call on delete cascade,
  user_id text collate "C" not null,
  endpoint text collate "C" not null,
  generation int not null,
  -- The process that listens for it.
  holder text not null,
  seat jsonb not null,
  primary key (call_id, user_id),
  foreign key (call_id, generation) references calls.media_room on delete cascade
);
create index media_seat_room on calls.media_seat (call_id, generation);
