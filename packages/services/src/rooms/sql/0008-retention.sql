-- Retention: what is older than a room's time is deleted for good. The room's `first_seq` is the floor: it is raised
-- first, by itself, and from its commit on nobody is shown what lies below; the rows are removed after it, in batches
-- that lock no room (docs/decisions/0031-retention.md).

-- Null: as the server's setting has it. A room may choose less than that, never more.
alter table rooms.room add column retention_days int check (retention_days > 0);
alter table rooms.room add column archive_days int check (archive_days > 0);

-- A row that also tells that the facts of its rooms changed: it is announced by the relay like every other.
alter table rooms.outbox add column facts boolean not null default false;

-- Keys of removed entries, as digests: a message that is sent again after years gets its first result.
create table rooms.spent (
  room_id text collate "C" not null,
  key bytea not null,
  seq bigint not null,
  kind text not null,
  at timestamptz not null,
  primary key (room_id, key)
);

create function rooms.key_digest(sender text, client_id text) returns bytea language sql immutable strict parallel safe
  as $$ select substring(sha256(convert_to(sender || ' ' || client_id, 'UTF8')) for 16) $$;

-- Legal holds. A row is never deleted: it says who placed the hold and who lifted it.
create table rooms.hold (
  id bigserial primary key,
  scope text not null check (scope in ('server', 'room', 'user')),
  -- Of a room or a person; empty for the server.
  target text collate "C" not null check ((target = '') = (scope = 'server')),
  reason text not null,
  placed_by text not null,
  placed_at timestamptz not null default now(),
  lifted_by text,
  lifted_at timestamptz,
  -- When what it alone had kept was gone.
  released_at timestamptz
);
create unique index hold_active on rooms.hold (scope, target) where lifted_at is null;

create function rooms.held(room text, sender text) returns boolean language sql stable as $$
  select exists (select 1 from rooms.hold h where h.lifted_at is null
    and (h.scope = 'server' or (h.scope = 'room' and h.target = room) or (h.scope = 'user' and h.target = sender)))
$$;

-- Shared by whoever removes words, taken alone by whoever places a hold: once a hold is placed, nobody is under way who
-- has not seen it.
create function rooms.share_holds() returns void language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('parley rooms.hold', 0)) $$;
create function rooms.close_holds() returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended('parley rooms.hold', 0)) $$;

-- What a hold has kept of messages that everybody else has lost. No reader of rooms looks here.
create table rooms.kept (
  room_id text collate "C" not null,
  seq bigint not null,
  kind text not null,
  sender text collate "C" not null,
  at timestamptz not null,
  body text,
  target bigint,
  data jsonb,
  kept_at timestamptz not null default now(),
  primary key (room_id, seq)
);
create table rooms.kept_file (
  file_id text collate "C" not null,
  room_id text collate "C" not null,
  seq bigint not null,
  primary key (file_id, room_id, seq)
);
create index kept_file_message on rooms.kept_file (room_id, seq);

-- Raises the floors of these rooms over what is older than each one's `befores`, by `limit_each` entries at most; rooms
-- on hold stay as they are. The look takes no lock: only the room's clock says how old an entry is, and that is written
-- once. Rooms are locked in the order of ids, as `append` does, for one small update.
create function rooms.raise_floors(ids text[], befores timestamptz[], limit_each int)
returns table (room_id text, raised int, more boolean) language plpgsql volatile as $$
#variable_conflict use_column
declare
  spans jsonb;
begin
  perform rooms.share_holds();
  select jsonb_agg(s) into spans from (
    select l.id, max(l.seq) filter (where l.is_old) + 1 as first_seq, (count(*) filter (where l.is_old))::int as raised,
      count(*) = limit_each and bool_and(l.is_old) as more
    from (
      select r.id, e.seq, bool_and(e.at < span.before) over (partition by r.id order by e.seq) as is_old
      from unnest(ids, befores) as span(id, before)
      join rooms.room r on r.id = span.id and r.deleted_at is null and not rooms.held(r.id, null)
      cross join lateral (
        select x.seq, x.at from rooms.log x where x.room_id = r.id and x.seq >= r.first_seq order by x.seq limit limit_each) e
    ) l group by l.id having bool_or(l.is_old)) s;
  if spans is null then return; end if;
  perform 1 from rooms.room where id in (select x.id from jsonb_to_recordset(spans) as x(id text)) order by id for update;
  return query
  with raised as (
    update rooms.room r set first_seq = greatest(r.first_seq, x.first_seq), changed = pg_current_xact_id()
    from jsonb_to_recordset(spans) as x(id text, first_seq bigint, raised int, more boolean)
    where r.id = x.id and r.deleted_at is null returning r.id, r.head_seq, x.raised, x.more),
  told as (
    insert into rooms.outbox (heads, facts) select jsonb_object_agg(id, head_seq), true from raised having count(*) > 0)
  select id, raised, more from raised;
end $$;

-- The oldest entries below the floors of these rooms.
create function rooms.below_floors(ids text[], limit_each int)
returns table (room_id text, seq bigint) language sql stable as $$
  select r.id, e.seq from unnest(ids) as span(id) join rooms.room r on r.id = span.id
  cross join lateral (
    select x.seq from rooms.log x where x.room_id = r.id and x.seq < r.first_seq order by x.seq limit limit_each) e
$$;

-- A plan that was made while the archive was empty reads all of it, and lives on until somebody analyses the table: 50,000
-- entries later each send took seconds. Analyses both tables that every send looks into and that grow at night, when they
-- have outgrown what the planner was told; as their owner, whom nobody else may do it for.
create function rooms.analyze_archive() returns boolean language plpgsql volatile security definer
set search_path = pg_catalog set lock_timeout = '1s' as $$
declare
  grown regclass;
  done boolean := false;
begin
  foreach grown in array array['rooms.archive', 'rooms.spent']::regclass[] loop
    continue when pg_relation_size(grown) / current_setting('block_size')::bigint
      <= (select 2 * relpages + 10 from pg_class where oid = grown);
    execute format('analyze %s', grown);
    done := true;
  end loop;
  return done;
exception when lock_not_available then
  -- Somebody else is at it.
  return false;
end $$;

-- `append` and `mark` as they were (0002-append.sql says why they are so), now over both tables and with the floor: a
-- repetition is known and a reply finds its message wherever they lie, a key that was removed is known, and what lies
-- below the floor cannot be answered and is not unread.
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
      on e.room_id = i.room_id and e.sender = i.sender and e.client_id = i.client_id
    union all
    select i.n, s.seq, s.at, '', null::jsonb, s.kind, null::bigint, true from inp i
    join rooms.room r on r.id = i.room_id and r.first_seq > 1
    join rooms.spent s on s.room_id = i.room_id and s.key = rooms.key_digest(i.sender, i.client_id)),
  judged as materialized (
    select i.*, r.head_seq,
      case
        when r.id is null or r.deleted_at is not null then 'not_found'
        when m.user_id is null and r.kind = 'public' then 'not_member'
        when m.user_id is null then 'not_found'
        when m.role = 'reader' or u.disabled then 'forbidden'
        when i.reply_to is not null and not exists (
          select 1 from rooms.log t where t.room_id = i.room_id and t.seq = i.reply_to and t.seq >= r.first_seq and t.kind = 'message') then 'no_reply_target'
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

create or replace function rooms.mark(rooms text[], users text[], delivereds bigint[], reads bigint[])
returns table (n int, read_seq bigint, delivered_seq bigint, unread int, moved boolean, member_count int) language plpgsql volatile as $$
#variable_conflict use_column
begin
  return query
  with inp as materialized (
    select x.room_id, x.user_id, max(greatest(x.delivered, x.read)) delivered, max(x.read) as read
    from unnest(rooms, users, delivereds, reads) as x(room_id, user_id, delivered, read) group by 1, 2),
  allowed as materialized (
    select i.room_id, i.user_id, r.member_count, r.head_seq, r.first_seq, coalesce(old.read_seq, 0) old_read, coalesce(old.delivered_seq, 0) old_delivered,
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
      select 1 from rooms.log e where e.room_id = a.room_id and e.seq > a.read_seq and e.seq >= a.first_seq and e.kind = 'message' and not e.redacted
        and e.sender <> a.user_id limit 100) c),
    a.read_seq > a.old_read or a.delivered_seq > a.old_delivered, a.member_count
  from unnest(rooms, users) with ordinality as x(room_id, user_id, n)
  left join allowed a on a.room_id = x.room_id and a.user_id = x.user_id
  order by 1;
end $$;
