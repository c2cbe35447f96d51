-- Runs first in the transaction of every change: one at a time, none by a writer whose lock another one has taken over.
select pg_advisory_xact_lock(20171);

create table if not exists schema_steps (
  name text primary key,
  at timestamptz not null default now()
);

create table if not exists schema_fence (
  one boolean primary key default true check (one),
  number bigint not null
);

insert into schema_fence (number) values (0) on conflict do nothing;

-- a lower number updates no row, and dividing by the number of rows updated then fails the transaction
with moved as (
  update schema_fence set number = :fence where number <= :fence returning 1
)
select 1 / count(*) as fence_holds from moved;
