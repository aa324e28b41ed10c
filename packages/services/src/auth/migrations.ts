/**
 * Schema `auth`. Times are milliseconds of the service's clock, so that tests move them and one unit reaches
 * from the table to the wire.
 */
import type { Migration } from '@parley/contracts'

const accounts = `
create table auth.account (
  id text collate "C" primary key,
  username text collate "C" not null constraint account_username_key unique,
  display_name text not null,
  email text collate "C" constraint account_email_key unique,
  password_hash text not null,
  avatar_file_id text,
  admin boolean not null default false,
  disabled boolean not null default false,
  -- Only what differs from the defaults.
  permissions jsonb not null default '{}',
  version bigint not null default 1,
  created_at bigint not null,
  -- What search looks into; the line break keeps a match from spanning both names.
  folded text not null generated always as (public.parley_fold(username || E'\\n' || display_name)) stored
);
create index account_folded_idx on auth.account using gin (folded public.gin_trgm_ops);

-- The middle of a LIKE pattern that finds the text as it is typed, folded as the column is.
create function auth.folded_pattern(text) returns text language sql immutable strict parallel safe as $$
  select replace(replace(replace(public.parley_fold($1), '\\', '\\\\'), '%', '\\%'), '_', '\\_')
$$;

-- Permissions of everyone: only what differs from the program's own defaults. A user's version as others see it
-- is account.version + defaults.version: both only grow, so a change of the defaults touches one row and still
-- makes every user's record newer.
create table auth.defaults (
  only_row boolean primary key default true check (only_row),
  permissions jsonb not null default '{}',
  version bigint not null default 1
);
insert into auth.defaults default values;

-- What other services have not yet been told; no account means everyone.
create table auth.outbox (
  id bigint generated always as identity primary key,
  account text,
  created_at bigint not null
);

create table auth.setup_code (
  code_hash text primary key,
  created_at bigint not null
);
`

const sessions = `
-- One row a sign-in. A refresh token is a family secret and a token secret; the row holds hashes of what may
-- still come: the candidates (newest tokens, none used yet) and their predecessor.
create table auth.device (
  id text collate "C" primary key,
  account text collate "C" not null references auth.account (id) on delete cascade,
  name text not null,
  lifetime text not null check (lifetime in ('short', 'day')),
  created_at bigint not null,
  last_seen_at bigint not null,
  ended_at bigint,
  family text collate "C" not null unique,
  candidates text[] not null,
  predecessor text,
  predecessor_used_at bigint,
  refresh_until bigint not null
);
create index device_account_idx on auth.device (account) where ended_at is null;
create index device_ended_idx on auth.device (ended_at) where ended_at is not null;
create index device_refresh_until_idx on auth.device (refresh_until);

-- Ids come from one row that stays locked until the commit, not from a sequence: numbers of a sequence become
-- visible out of order, and a reader that has seen 8 would never ask for 7 again.
create table auth.revocation_head (
  only_row boolean primary key default true check (only_row),
  last_id bigint not null default 0
);
insert into auth.revocation_head default values;
create table auth.revocation (
  id bigint primary key,
  kind text not null check (kind in ('device', 'user')),
  subject text not null,
  at bigint not null,
  -- From here on no token that it concerns can be valid.
  until bigint not null
);

create table auth.signing_key (
  kid text collate "C" primary key,
  public_jwk jsonb not null,
  private_jwk jsonb not null,
  signs_from bigint not null,
  -- Published until then; none while it is the newest.
  retires_at bigint
);
`

const mail = `
-- Null: nobody has shown yet that it is theirs.
alter table auth.account add column email_verified_at bigint;
-- Takes the place of email once it is verified. Not unique: who shows it first has it.
alter table auth.account add column email_pending text collate "C";
-- Of letters.
alter table auth.account add column locale text not null default 'en';

create table auth.mail_token (
  hash text collate "C" primary key,
  account text collate "C" not null references auth.account (id) on delete cascade,
  purpose text not null check (purpose in ('verify', 'reset')),
  email text collate "C" not null,
  expires_at bigint not null
);
create index mail_token_account_idx on auth.mail_token (account, purpose);
create index mail_token_expires_idx on auth.mail_token (expires_at);

-- Letters to be sent; see services/shared/mail/outbox.ts.
create table auth.mail (
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
create index mail_due_idx on auth.mail (due_at) where due_at is not null;
create index mail_open_idx on auth.mail (created_at) where outcome is null;
create index mail_settled_idx on auth.mail (settled_at) where settled_at is not null;
`

export const authMigrations: Migration[] = [
  { version: 1, name: 'accounts', sql: accounts },
  { version: 2, name: 'sessions', sql: sessions },
  { version: 3, name: 'mail', sql: mail },
]
