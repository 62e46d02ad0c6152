-- DEEP: users with 2 addresses, 4 orders of 3 items on average, and five aggregates over the orders. psql -v rows=N users.
-- The child tables carry their foreign keys in their replica identity.
begin;
set local synchronous_commit = off;
set local session_replication_role = replica;
create table users (
  id         bigint primary key,
  email      text        not null,
  full_name  text        not null,
  tier       text        not null,
  country    text,
  created_at timestamptz not null
);
create table addresses (
  id      bigint primary key,
  user_id bigint not null references users on delete cascade,
  kind    text   not null,
  street  text   not null,
  city    text   not null,
  zip     text
);
create table orders (
  id        bigint primary key,
  user_id   bigint        not null references users on delete cascade,
  status    text          not null,
  total     numeric(12,2) not null,
  placed_at timestamptz   not null
);
create table order_items (
  id         bigint primary key,
  order_id   bigint        not null references orders on delete cascade,
  product_id bigint        not null,
  quantity   integer       not null,
  unit_price numeric(12,2) not null
);
create function pg_temp.h(i bigint, k bigint) returns bigint language sql immutable parallel safe
  as 'select hashint8extended(i, k) & 2147483647';

insert into users
select i, 'user' || i || '@example.com', 'Given' || pg_temp.h(i, 1) % 997 || ' Family' || pg_temp.h(i, 2) % 4999,
       (array['free', 'pro', 'enterprise'])[1 + pg_temp.h(i, 3) % 3],
       case when pg_temp.h(i, 4) % 30 > 0 then (array['US', 'DE', 'FR', 'JP'])[1 + pg_temp.h(i, 5) % 4] end,
       timestamptz '2022-01-01 00:00:00+00' + pg_temp.h(i, 6) % 63072000 * interval '1 second'
from generate_series(1, :rows) i;
insert into addresses
select 2 * i + n - 2, i, (array['home', 'work'])[n], pg_temp.h(i, 10 + n) % 200 || ' Station Street',
       (array['Boston', 'Berlin', 'Paris', 'Rome'])[1 + pg_temp.h(i, 20 + n) % 4],
       case when pg_temp.h(i, 30 + n) % 9 > 0 then lpad((pg_temp.h(i, 40 + n) % 100000)::text, 5, '0') end
from generate_series(1, :rows) i, generate_series(1, 2) n;
-- In time order, so that the orders of one user lie apart in the heap, as they do in life.
insert into orders
select i, 1 + pg_temp.h(i, 50) % :rows, (array['paid', 'shipped', 'delivered', 'cancelled'])[1 + pg_temp.h(i, 51) % 4],
       (100 + pg_temp.h(i, 52) % 100000) / 100.0, timestamptz '2023-01-01 00:00:00+00' + i * interval '7 minutes'
from generate_series(1, 4 * :rows) i;
insert into order_items
select row_number() over (order by i, n), i, 1 + pg_temp.h(i, 60 + n) % 10000, 1 + pg_temp.h(i, 70 + n) % 4,
       (100 + pg_temp.h(i, 80 + n) % 20000) / 100.0
from generate_series(1, 4 * :rows) i, generate_series(1, 5) n where n <= 1 + pg_temp.h(i, 90) % 5;

create unique index addresses_identity on addresses (user_id, id);
alter table addresses replica identity using index addresses_identity;
create unique index orders_identity on orders (user_id, id);
alter table orders replica identity using index orders_identity;
create unique index order_items_identity on order_items (order_id, id);
alter table order_items replica identity using index order_items_identity;
commit;
vacuum (analyze) users, addresses, orders, order_items;
