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

-- Moves the oldest entries of these rooms, each from its `after` on, that are older than `before`; at most
-- `limit_each` of a room are looked at. Locks no room: an entry that somebody is changing is left for the next time, and
-- who changes an entry looks into both tables, first the hot one, each by a statement of its own.
create function rooms.archive_entries(rooms text[], afters bigint[], before timestamptz, limit_each int)
returns table (room_id text, last_seq bigint, moved int, more boolean) language sql volatile as $$
  with looked as materialized (
    select e.room_id, e.seq, e.at < before as is_old
    from unnest(rooms, afters) as span(id, after)
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

-- A plan that was made while the archive was empty reads all of it, and lives on until somebody analyses the table: 50,000
-- entries later each send took seconds. Analyses when it has outgrown what the planner was told; as the owner of the
-- table, whom nobody else may do it for.
create function rooms.analyze_archive() returns boolean language plpgsql volatile security definer
set search_path = pg_catalog set lock_timeout = '1s' as $$
begin
  if pg_relation_size('rooms.archive') / current_setting('block_size')::bigint
    <= (select 2 * relpages + 10 from pg_class where oid = 'rooms.archive'::regclass) then
    return false;
  end if;
  analyze rooms.archive;
  return true;
exception when lock_not_available then
  -- Somebody else is at it.
  return false;
end $$;

-- `append` and `mark` as they were (0002-append.sql says why they are so), now over both tables: a repetition is known,
-- a reply finds its message and unread is counted wherever they lie.
create or replace function rooms.append(rooms text[], senders text[], client_ids text[], bodies text[], datas jsonb[], reply_tos bigint[])
returns table (n int, seq bigint, at timestamptz, fresh boolean, err text, stored_body text, stored_data jsonb, stored_kind text, stored_target bigint, stored_redacted boolean, outbox bigint)
language plpgsql volatile as $$
#variable_conflict use_column
declare
  stamp timestamptz;
begin
  perform 1 from rooms.room where id = any(rooms) order by id for update;  -- wait here
  stamp := date_trunc('milliseconds', clock_timestamp());
  return query                                                                     -- a new snapshot from here
  with inp as materialized (
    select x.room_id, x.sender, x.client_id, x.body, x.data, x.reply_to, x.n
    from unnest(rooms, senders, client_ids, bodies, datas, reply_tos) with ordinality
      as x(room_id, sender, client_id, body, data, reply_to, n)),
  known as materialized (
    select i.n, e.seq, e.at, e.body, e.data, e.kind, e.target, e.redacted from inp i join rooms.log e
      on e.room_id = i.room_id and e.sender = i.sender and e.client_id = i.client_id),
  judged as materialized (
    select i.*, r.head_seq,
      case
        when r.id is null or r.deleted_at is not null then 'not_found'
        when m.user_id is null and r.kind = 'public' then 'not_member'
        when m.user_id is null then 'not_found'
        when m.role = 'reader' or u.disabled then 'forbidden'
        when i.reply_to is not null and not exists (
          select 1 from rooms.log t where t.room_id = i.room_id and t.seq = i.reply_to and t.kind = 'message') then 'no_reply_target'
      end as err
    from inp i
    left join rooms.room r on r.id = i.room_id
    left join rooms.member m on m.room_id = i.room_id and m.user_id = i.sender and m.ended_at is null
    left join rooms.users u on u.id = i.sender
    where not exists (select 1 from known k where k.n = i.n)),
  fresh as materialized (
    select distinct on (j.room_id, j.sender, j.client_id) j.*
    from judged j where j.err is null
    order by j.room_id, j.sender, j.client_id, j.n),
  ins as (
    insert into rooms.entry (room_id, seq, kind, sender, client_id, at, body, data)
    select room_id, head_seq + row_number() over (partition by room_id order by n), 'message', sender, client_id, stamp, body,
      case when reply_to is null then data else coalesce(data, '{}') || jsonb_build_object('reply_to', reply_to) end
    from fresh returning room_id, seq, sender, client_id, body, data),
  heads as materialized (select room_id, max(seq) head_seq from ins group by room_id),
  bump as (
    update rooms.room x set head_seq = h.head_seq, last_at = stamp, changed = pg_current_xact_id()
    from heads h where x.id = h.room_id),
  ob as (
    insert into rooms.outbox (heads) select jsonb_object_agg(room_id, head_seq) from heads having count(*) > 0
    returning id)
  select i.n::int, coalesce(k.seq, ins.seq), coalesce(k.at, stamp), f.n is not null, j.err,
    coalesce(k.body, ins.body), coalesce(k.data, ins.data), coalesce(k.kind, 'message'), k.target, coalesce(k.redacted, false), (select id from ob)
  from inp i
  left join known k on k.n = i.n
  left join judged j on j.n = i.n
  left join fresh f on f.n = i.n
  left join ins on ins.room_id = i.room_id and ins.sender = i.sender and ins.client_id = i.client_id
  order by 1;
end $$;

-- Moves watermarks forward, never back and never beyond the head; answers what they are now and what is unread.
create or replace function rooms.mark(rooms text[], users text[], delivereds bigint[], reads bigint[])
returns table (n int, read_seq bigint, delivered_seq bigint, unread int, moved boolean, member_count int) language plpgsql volatile as $$
#variable_conflict use_column
begin
  return query
  with inp as materialized (
    select x.room_id, x.user_id, max(greatest(x.delivered, x.read)) delivered, max(x.read) as read
    from unnest(rooms, users, delivereds, reads) as x(room_id, user_id, delivered, read) group by 1, 2),
  allowed as materialized (
    select i.room_id, i.user_id, r.member_count, r.head_seq, coalesce(old.read_seq, 0) old_read, coalesce(old.delivered_seq, 0) old_delivered,
      greatest(coalesce(old.read_seq, 0), least(coalesce(i.read, 0), r.head_seq)) read_seq,
      greatest(coalesce(old.delivered_seq, 0), coalesce(old.read_seq, 0), least(coalesce(i.delivered, 0), r.head_seq)) delivered_seq
    from inp i
    join rooms.room r on r.id = i.room_id and r.deleted_at is null
    join rooms.member m on m.room_id = i.room_id and m.user_id = i.user_id and m.ended_at is null
    left join rooms.mark old on old.room_id = i.room_id and old.user_id = i.user_id),
  written as (
    insert into rooms.mark as w (room_id, user_id, read_seq, delivered_seq)
    select room_id, user_id, read_seq, delivered_seq from allowed a
    where a.read_seq > a.old_read or a.delivered_seq > a.old_delivered
    order by room_id, user_id
    on conflict (room_id, user_id) do update set
      read_seq = greatest(w.read_seq, excluded.read_seq), delivered_seq = greatest(w.delivered_seq, excluded.delivered_seq),
      changed = pg_current_xact_id())
  select x.n::int, a.read_seq, a.delivered_seq,
    (select count(*)::int from (
      select 1 from rooms.log e where e.room_id = a.room_id and e.seq > a.read_seq and e.kind = 'message' and not e.redacted
        and e.sender <> a.user_id limit 100) c),
    a.read_seq > a.old_read or a.delivered_seq > a.old_delivered, a.member_count
  from unnest(rooms, users) with ordinality as x(room_id, user_id, n)
  left join allowed a on a.room_id = x.room_id and a.user_id = x.user_id
  order by 1;
end $$;
