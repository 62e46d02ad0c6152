-- Fills an empty demo store: psql -v size=N. Size 1 is about 1 250 rows (100 users), 10000 about 12 million; every row follows from its
-- number alone, so the same size always gives the same store. One transaction: an interrupted fill leaves nothing.
--
-- h(i, k) is the k-th of many independent numbers below 2^31 that belong to row i.
\if :{?size}
\else
  \set size 1
\endif
\set users      '(100 * :size)'
\set products   '(50 * :size)'
\set categories '(8 + 2 * :size / 10)'
\set tags       '(20 + :size / 5)'
\set orders     '(200 * :size)'

begin;
set local timezone = 'UTC';
set local synchronous_commit = off;
-- The data is consistent by construction; checking 11 foreign keys row by row would double the time.
set local session_replication_role = replica;

create function pg_temp.h(i bigint, k bigint) returns bigint language sql immutable parallel safe
  as 'select hashint8extended(i, k) & 2147483647';
create function pg_temp.pick(i bigint, k bigint, list text[]) returns text language sql immutable parallel safe
  as 'select list[1 + (hashint8extended(i, k) & 2147483647) % array_length(list, 1)]';

insert into users (id, email, full_name, phone, tier, country, newsletter, login_count, created_at, deleted)
select i,
       case when i % 50 = 0 then '  User' || i || '@Example.COM ' else 'user' || i || '@example.com' end,
       pg_temp.pick(i, 1, '{Ada,Grace,Edsger,Barbara,Alan,Margaret,Linus,Radia,Donald,Frances,Zoë,José}') || ' ' ||
       pg_temp.pick(i, 2, '{Lovelace,Hopper,Dijkstra,Liskov,Turing,Hamilton,Torvalds,Perlman,Knuth,Allen,Müller,O''Brien}'),
       case when pg_temp.h(i, 3) % 4 > 0 then '+1-555-' || lpad((pg_temp.h(i, 4) % 10000)::text, 4, '0') end,
       pg_temp.pick(i, 5, '{free,free,free,pro,pro,enterprise}'),
       case when pg_temp.h(i, 6) % 20 > 0 then pg_temp.pick(i, 7, '{US,DE,FR,GB,IT,JP,BR,IN}') end,
       pg_temp.h(i, 8) % 3 = 0,
       pg_temp.h(i, 9) % 500,
       timestamptz '2022-01-01 00:00:00+00' + pg_temp.h(i, 10) % 63072000 * interval '1 second',
       pg_temp.h(i, 11) % 40 = 0
from generate_series(1, :users) i;

insert into profiles (id, user_id, bio, avatar_url, locale, birth_year)
select i, i,
       case when pg_temp.h(i, 12) % 5 > 0 then
         'Likes ' || pg_temp.pick(i, 13, '{climbing,chess,"slow food",trains,"night skies",gardening}') || ' and ' ||
         pg_temp.pick(i, 14, '{coffee,tea,"old maps",synthesizers,"long walks",cats}') || '.' end,
       'https://img.example.com/u/' || i || '.png',
       case when pg_temp.h(i, 15) % 6 > 0 then pg_temp.pick(i, 16, '{en,de,fr,it,ja,pt}') end,
       case when pg_temp.h(i, 17) % 3 > 0 then 1950 + pg_temp.h(i, 18) % 55 end
from generate_series(1, :users) i where pg_temp.h(i, 19) % 5 > 0;

-- 0 to 3 addresses for each user.
insert into addresses (id, user_id, kind, street, city, zip, country)
select row_number() over (order by i, n), i,
       (array['home', 'work', 'billing'])[n],
       1 + pg_temp.h(i, 20 + n) % 200 || ' ' || pg_temp.pick(i, 30 + n, '{Main,Oak,Station,Church,Mill,Harbour}') || ' Street',
       pg_temp.pick(i, 40 + n, '{Boston,Berlin,Paris,London,Rome,Tokyo,Recife,Pune}'),
       case when pg_temp.h(i, 50 + n) % 8 > 0 then lpad((pg_temp.h(i, 60 + n) % 100000)::text, 5, '0') end,
       pg_temp.pick(i, 70 + n, '{US,DE,FR,GB,IT,JP,BR,IN}')
from generate_series(1, :users) i, generate_series(1, 3) n where n <= pg_temp.h(i, 80) % 4;

insert into categories (id, name, description, parent_id)
select i, pg_temp.pick(i, 100, '{Books,Games,Garden,Kitchen,Music,Office,Sports,Toys}') || ' ' || i,
       case when i % 3 > 0 then 'Everything for ' || pg_temp.pick(i, 101, '{home,work,travel,winter,children,professionals}') end,
       case when i > 8 then 1 + pg_temp.h(i, 102) % 8 end
from generate_series(1, :categories) i;

insert into products (id, sku, name, description, price, category_id, active, attributes, created_at, archived_at)
select i, 'SKU-' || upper(to_hex(pg_temp.h(i, 110) % 4096)) || '-' || i,
       pg_temp.pick(i, 111, '{Blue,Compact,Classic,Foldable,Giant,Quiet,Solar,Wooden}') || ' ' ||
       pg_temp.pick(i, 112, '{chair,lamp,notebook,puzzle,radio,teapot,tent,whistle}'),
       case when pg_temp.h(i, 113) % 10 > 0 then
         'A ' || pg_temp.pick(i, 114, '{sturdy,light,cheerful,"plain but good","well-tempered"}') || ' thing. ' ||
         repeat('It lasts. ', (pg_temp.h(i, 115) % 12)::int) end,
       (100 + pg_temp.h(i, 116) % 50000) / 100.0,
       case when pg_temp.h(i, 117) % 25 > 0 then 1 + pg_temp.h(i, 118) % :categories end,
       pg_temp.h(i, 119) % 10 > 0,
       case when pg_temp.h(i, 120) % 4 > 0 then jsonb_build_object(
         'color', pg_temp.pick(i, 121, '{red,green,blue,black,"off-white"}'), 'weight_g', pg_temp.h(i, 122) % 5000,
         'fragile', pg_temp.h(i, 123) % 5 = 0) end,
       timestamptz '2021-01-01 00:00:00+00' + pg_temp.h(i, 124) % 94608000 * interval '1 second',
       case when pg_temp.h(i, 125) % 20 = 0 then
         timestamptz '2024-01-01 00:00:00+00' + pg_temp.h(i, 126) % 8640000 * interval '1 second' end
from generate_series(1, :products) i;

insert into tags (id, name)
select i, pg_temp.pick(i, 130, '{new,sale,eco,gift,limited,handmade,bulky,classic}') || '-' || i
from generate_series(1, :tags) i;

-- 0 to 4 different tags for each product: a start and a stride.
insert into product_tags (product_id, tag_id)
select i, 1 + (pg_temp.h(i, 131) + n * 3) % :tags
from generate_series(1, :products) i, generate_series(1, 4) n where n <= pg_temp.h(i, 132) % 5;

-- 0 to 5 items for each order. They come before their orders, which need the totals.
insert into order_items (id, order_id, product_id, quantity, unit_price)
select row_number() over (order by i, n), i, 1 + pg_temp.h(i, 150 + n) % :products,
       1 + pg_temp.h(i, 160 + n) % 4, (100 + pg_temp.h(i, 170 + n) % 20000) / 100.0
from generate_series(1, :orders) i, generate_series(1, 5) n where n <= pg_temp.h(i, 180) % 6;

-- Squaring the fraction gives low numbered users many orders and some users none.
insert into orders (id, user_id, status, total, placed_at, shipped_at)
select i, 1 + floor(:users * power(pg_temp.h(i, 140) / 2147483648.0, 2))::bigint, s, coalesce(t.total, 0), p,
       case when s in ('shipped', 'delivered') then p + (1 + pg_temp.h(i, 143) % 72) * interval '1 hour' end
from generate_series(1, :orders) i
     left join (select order_id, sum(quantity * unit_price) as total from order_items group by order_id) t on t.order_id = i,
     lateral (select pg_temp.pick(i, 141, '{pending,paid,shipped,delivered,delivered,delivered,cancelled}')::order_status as s,
                     timestamptz '2023-01-01 00:00:00+00' + pg_temp.h(i, 142) % 47304000 * interval '1 second' as p) o
order by i;

-- 0 to 4 reviews for each product.
insert into reviews (id, product_id, user_id, rating, body, created_at)
select row_number() over (order by i, n), i, 1 + pg_temp.h(i, 190 + n) % :users, 1 + pg_temp.h(i, 200 + n) % 5,
       case when pg_temp.h(i, 210 + n) % 4 > 0 then
         pg_temp.pick(i, 220 + n, E'{"Would buy again.","Arrived late, works well.","Too small\nfor me.","He said \\"wow\\".",Fine.,"Très bien."}') end,
       timestamptz '2023-06-01 00:00:00+00' + pg_temp.h(i, 230 + n) % 31536000 * interval '1 second'
from generate_series(1, :products) i, generate_series(1, 4) n where n <= pg_temp.h(i, 240) % 5;

do $$
declare t text;
begin
  foreach t in array '{users,profiles,addresses,categories,products,tags,orders,order_items,reviews}'::text[] loop
    execute format('select setval(pg_get_serial_sequence(%L, ''id''), coalesce(max(id), 0) + 1, false) from %I', t, t);
  end loop;
end $$;

commit;

-- Row counts for the planner, and hint bits, so that the first reads do not write.
vacuum (analyze) users, profiles, addresses, categories, products, tags, product_tags, orders, order_items, reviews;
