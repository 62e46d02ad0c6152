-- A handful of changes to a filled store, each its own transaction: what to do while watching flusso.
insert into users (email, full_name, tier, country) values ('new.user@example.com', 'Newton User', 'pro', 'US');
update users set full_name = 'Ada King', login_count = login_count + 1 where id = 1;
update users set deleted = not deleted where id = 2;
insert into orders (user_id, status, total) values (1, 'paid', 42.00);
update order_items set quantity = quantity + 1 where id = (select min(id) from order_items);
delete from order_items where id = (select max(id) from order_items);
update orders set user_id = 3 where id = (select min(id) from orders where user_id <> 3);
update categories set name = name || ' (renamed)' where id = 1;
update products set price = price + 1 where id = 1;
update products set archived_at = case when archived_at is null then now() end where id = 2;
insert into product_tags (product_id, tag_id)
  select 1, (select min(t.id) from tags t where not exists (select from product_tags p where p.product_id = 1 and p.tag_id = t.id));
delete from product_tags where product_id = (select min(product_id) from product_tags);
delete from reviews where id = (select min(id) from reviews);
delete from users where id = (select max(id) from users where not exists (select from orders o where o.user_id = users.id));
