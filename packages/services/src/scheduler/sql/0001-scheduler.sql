-- When each job is due, and what its runs did. Who runs them is decided by advisory locks, not by rows: a lock ends with
-- the connection that holds it, a row would outlive its process.
create table scheduler.job (
  name text collate "C" primary key,
  -- As it was when `next_at` was reckoned: another schedule reckons it anew.
  schedule text not null,
  -- Milliseconds and no finer: it is compared with what a program has read.
  next_at timestamptz(3) not null
);

create table scheduler.run (
  id bigserial primary key,
  job text collate "C" not null,
  started_by text not null check (started_by in ('schedule', 'hand')),
  process text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  -- Null while it runs. `cut_off`: stopped by its time, by the end of its process or the loss of its lock. `lost`: its
  -- process died without a word.
  outcome text check (outcome in ('done', 'failed', 'cut_off', 'lost')),
  result json,
  error text
);
create index run_job on scheduler.run (job, id);
