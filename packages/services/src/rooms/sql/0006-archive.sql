-- Old entries lie apart from the hot table. One table, so that (room_id, seq) and the key of repetitions stay unique;
-- whoever reads the log reads `rooms.log`, which is both (docs/decisions/0030-archive.md).
create table rooms.archive (like rooms.entry including defaults including constraints)
  with (fillfactor = 100);
alter table rooms.archive add primary key (room_id, seq);
create unique index archive_client on rooms.archive (room_id, sender, client_id) where client_id is not null;
create index archive_target on rooms.archive (room_id, target) where target is not null;

-- Long texts are compressed and lie beside their row; lz4 where this PostgreSQL was built with it.
do $$ begin
  if exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
    alter table rooms.archive alter column body set compression lz4, alter column data set compression lz4;
  end if;
end $$;

create view rooms.log as
  select room_id, seq, kind, sender, client_id, at, body, target, data, edit_seq, redacted from rooms.entry
  union all
  select room_id, seq, kind, sender, client_id, at, body, target, data, edit_seq, redacted from rooms.archive;

-- One row a room and commit: what was moved, and when.
create table rooms.archive_move (
  id bigserial primary key,
  at timestamptz not null default clock_timestamp(),
  room_id text collate "C" not null,
  from_seq bigint not null,
  upto_seq bigint not null,
  entries int not null
);

-- Moves the oldest entries of these rooms, each from its `after` on, that are older than its `before`; at most
-- `limit_each` of a room are looked at. Locks no room: an entry that somebody is changing is left for the next time, and
-- who changes an entry looks into both tables, first the hot one, each by a statement of its own.
create function rooms.move_entries(rooms text[], afters bigint[], befores timestamptz[], limit_each int)
returns table (room_id text, last_seq bigint, moved int, more boolean) language sql volatile as $$
  with looked as materialized (
    select e.room_id, e.seq, e.at < span.before as is_old
    from unnest(rooms, afters, befores) as span(id, after, before)
    cross join lateral (
      select x.room_id, x.seq, x.at from rooms.entry x
      where x.room_id = span.id and x.seq > span.after order by x.seq limit limit_each) e),
  picked as materialized (
    select e.room_id, e.seq from looked l join rooms.entry e on e.room_id = l.room_id and e.seq = l.seq
    where l.is_old for update of e skip locked),
  gone as (
    delete from rooms.entry e using picked p where e.room_id = p.room_id and e.seq = p.seq
    returning e.room_id, e.seq, e.kind, e.sender, e.client_id, e.at, e.body, e.target, e.data, e.edit_seq, e.redacted),
  kept as (
    insert into rooms.archive (room_id, seq, kind, sender, client_id, at, body, target, data, edit_seq, redacted)
    select g.room_id, g.seq, g.kind, g.sender, g.client_id, g.at, g.body, g.target, g.data, g.edit_seq, g.redacted
    from gone g order by g.room_id, g.seq
    returning room_id, seq),
  moved as (select k.room_id, min(k.seq) as from_seq, max(k.seq) as upto_seq, count(*)::int as entries from kept k group by 1),
  noted as (
    insert into rooms.archive_move (room_id, from_seq, upto_seq, entries)
    select m.room_id, m.from_seq, m.upto_seq, m.entries from moved m)
  select l.room_id, max(l.seq), coalesce(max(m.entries), 0)::int, count(*) = limit_each and bool_and(l.is_old)
  from looked l left join moved m on m.room_id = l.room_id group by l.room_id
$$;
