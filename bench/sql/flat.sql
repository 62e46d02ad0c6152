-- FLAT: one table, 8 columns, documents of about 500 bytes. psql -v rows=N; every row follows from its number.
begin;
set local synchronous_commit = off;
create table users (
  id          bigint primary key,
  email       text        not null,
  full_name   text        not null,
  bio         text,
  tier        text        not null,
  country     text,
  login_count integer     not null,
  created_at  timestamptz not null
);
insert into users
select i, 'user' || i || '@example.com', 'Given' || h % 997 || ' Family' || h % 4999,
       case when h % 20 > 0 then
         'Has ' || (select string_agg((array['a dog', 'two cats', 'plans', 'a "blue" car', 'time', 'a café', 'nine lives', 'books'])
                                      [1 + (hashint8extended(i, n) & 7)], ', ' order by n) from generate_series(1, 38) n) || '.' end,
       (array['free', 'pro', 'enterprise'])[1 + h % 3], case when h % 30 > 0 then (array['US', 'DE', 'FR', 'JP'])[1 + h % 4] end,
       h % 1000, timestamptz '2022-01-01 00:00:00+00' + (h % 63072000) * interval '1 second'
from (select i, (hashint8extended(i, 0) & 2147483647)::int as h from generate_series(1, :rows) i) source;
commit;
vacuum (analyze) users;
