-- E-mail for what stays unread.

-- 0: none is wanted.
alter table notifications.person add column digest_every_ms bigint not null default 3600000;
-- When something may have stayed unread for that long; null while nothing waits.
alter table notifications.person add column digest_due_at bigint;
alter table notifications.person add column digest_last_at bigint;
create index person_digest_due on notifications.person (digest_due_at) where digest_due_at is not null;

-- The letter that told it; what was told once is not told again.
alter table notifications.item add column digest text collate "C";

-- Signs the links that unsubscribe; two random UUIDs have 244 random bits.
create table notifications.mail_key (
  only_one boolean primary key default true check (only_one),
  key text not null
);
insert into notifications.mail_key (key) values (gen_random_uuid()::text || gen_random_uuid()::text);

-- Letters to be sent; see services/shared/mail/outbox.ts.
create table notifications.mail (
  id text collate "C" primary key,
  kind text not null,
  about jsonb not null,
  created_at bigint not null,
  due_at bigint,
  claimed_until bigint,
  attempts int not null default 0,
  outcome text,
  settled_at bigint
);
create index mail_due on notifications.mail (due_at) where due_at is not null;
create index mail_open on notifications.mail (created_at) where outcome is null;
create index mail_settled on notifications.mail (settled_at) where settled_at is not null;
