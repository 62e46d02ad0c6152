"""Every kind of change through every relation of the three demo indexes, one step at a time: after each step the slot is
confirmed and then all documents are compared, so a step that leaves one stale document fails at once.
"""

from harness import oracle
from test_seed import FLAT, FLAT_QUERY


def following(case, size=1):
    """A seeded demo deployment and the flusso that follows it."""
    demo = case.demo(size)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    return demo, flusso


def step(demo, flusso, *statements):
    """Runs the statements in one transaction, and compares. A step that changes no document tests nothing, so it fails."""
    before = truth(demo)
    with demo.database.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert truth(demo) != before, f"changes no document: {statements}"
    demo.wait_confirmed(flusso)
    wrong = demo.differences()
    assert not wrong, f"after {statements}:\n" + "\n".join(wrong)


def truth(demo):
    return {name: oracle.expected(demo.database.url, demo.queries[name]) for name in demo.active()}


def test_inserted_updated_and_deleted_root_rows_reach_their_documents(case):
    demo, flusso = following(case)
    for statement in (
        "insert into users (id, email, full_name) values (5000, ' NEW@Example.com', 'Zoë \"Q\" O''Neil\\')",
        "update users set full_name = E'two\\nlines\\t☃', phone = null, country = '' where id = 5000",
        "delete from users where id = 5000",
        "insert into products (id, sku, name, price) values (5000, 'C-01234', 'lamp', 12.50)",
        """update products set attributes = '{"deep": {"a": [1.5, 2.50, null], "b": "x"}}', price = 0.01 where id = 5000""",
        "update products set attributes = null where id = 5000",
        "delete from products where id = 5000",
        "insert into orders (id, user_id, status, total) values (5000, 1, 'pending', 9999999999.99)",
        "update orders set status = 'cancelled', shipped_at = '2024-02-29 23:59:59.999999+00' where id = 5000",
        "delete from orders where id = 5000",
    ):
        step(demo, flusso, statement)


def test_a_change_of_any_child_row_rebuilds_its_parents(case):
    demo, flusso = following(case)
    step(demo, flusso, "insert into users (id, email, full_name) values (5000, 'a@b', 'A')",
         "insert into products (id, sku, name, price, category_id) values (5000, 'S', 'N', 1, null)")
    for statement in (
        "insert into profiles (id, user_id, bio) values (5000, 5000, 'hello')",
        "update profiles set bio = null, locale = 'fr', birth_year = 1999 where id = 5000",
        "delete from profiles where id = 5000",
        "insert into addresses (id, user_id, kind, street, city, country) values (5000, 5000, 'home', 's', 'c', 'IT')",
        "update addresses set zip = '00042' where id = 5000",
        "delete from addresses where id = 5000",
        "insert into orders (id, user_id, status, total) values (5000, 5000, 'paid', 10)",
        "update orders set total = 20.5 where id = 5000",
        "insert into order_items (id, order_id, product_id, quantity, unit_price) values (5000, 5000, 5000, 2, 3.30)",
        "update order_items set quantity = 7 where id = 5000",
        "delete from order_items where id = 5000",
        "delete from orders where id = 5000",
        "insert into reviews (id, product_id, user_id, rating) values (5000, 5000, 1, 4), (5001, 5000, 2, 1)",
        "update reviews set rating = 2 where id = 5001",
        "delete from reviews where id = 5001",
        "delete from reviews where id = 5000",
        "update categories set name = 'renamed' where id = 1",
        "update tags set name = 'renamed' where id = 1",
        "update users set email = 'X@Y.Z' where id = (select min(user_id) from orders)",
    ):
        step(demo, flusso, statement)


def test_a_child_that_moves_leaves_its_old_parent_and_joins_the_new_one(case):
    demo, flusso = following(case)
    for statement in (
        "update orders set user_id = (select id from users where id <> user_id and not deleted order by id limit 1) where id = 7",
        "update order_items set order_id = order_id % 200 + 1 where id = 9",
        "update addresses set user_id = user_id % 100 + 1 where id = 3",
        "update reviews set product_id = product_id % 50 + 1 where id = 4",
        "update profiles set user_id = (select min(u.id) from users u where not u.deleted and not exists"
        " (select from profiles p where p.user_id = u.id)) where id = (select min(p.id) from profiles p join users u on u.id = p.user_id"
        " where not u.deleted)",
        "update products set category_id = category_id % 8 + 1 where id = (select min(id) from products where category_id is not null"
        " and archived_at is null)",
        "update products set category_id = null where id = (select min(id) from products where category_id is not null"
        " and archived_at is null)",
    ):
        step(demo, flusso, statement)


def test_links_and_unlinks_of_a_many_to_many_change_the_parents_they_touch(case):
    demo, flusso = following(case)
    step(demo, flusso, "update products set archived_at = null", "delete from product_tags where product_id in (1, 2)")
    for statement in (
        "insert into product_tags values (1, 1), (1, 2), (2, 1)",
        "update product_tags set tag_id = 3 where product_id = 1 and tag_id = 2",
        "update product_tags set product_id = 2 where product_id = 1 and tag_id = 3",
        "delete from product_tags where product_id = 1 and tag_id = 1",
        "delete from tags where id = 1",
    ):
        step(demo, flusso, statement)


def test_soft_delete_takes_the_document_away_and_brings_it_back(case):
    demo, flusso = following(case)
    user = demo.database.one("select min(user_id) from orders join users u on u.id = user_id where not u.deleted")
    step(demo, flusso, f"update users set deleted = true where id = {user}")
    assert demo.opensearch.get("users", user) is None
    demo.database.sql("update orders set total = total + 1 where user_id = %s", user)
    step(demo, flusso, f"update users set deleted = false where id = {user}")
    assert demo.opensearch.get("users", user)["id"] == user


def test_a_root_filter_lets_rows_in_and_out(case):
    demo, flusso = following(case)
    step(demo, flusso, "update products set archived_at = now() where archived_at is null and id < 20")
    assert demo.opensearch.get("products", 1) is None
    step(demo, flusso, "update products set archived_at = null where archived_at is not null")
    assert demo.opensearch.get("products", 1)["id"] == 1


def test_a_root_row_whose_key_changes_moves_its_document(case):
    demo, flusso = following(case)
    step(demo, flusso, "update users set id = 7000 where id = (select min(user_id) from orders)")
    step(demo, flusso, "update orders set id = 7000 where id = (select min(order_id) from order_items)")
    step(demo, flusso, "update products set id = 7000 where id = (select min(id) from products where archived_at is null)")
    step(demo, flusso, "update products set id = case id when 7000 then 7001 else 7000 end where id = 7000",
         "insert into products (id, sku, name, price) values (7000, 's', 'the old key, another row', 1)")
    assert demo.opensearch.get("products", 7000)["sku"] == "s"


def test_two_rows_swap_their_keys_behind_a_deferred_constraint(case):
    database = case.database()
    database.sql("create table events (id bigint primary key deferrable initially deferred, name text not null, amount float8);"
                 "alter table events replica identity full")
    database.sql("insert into events select i, 'n' || i, i from generate_series(1, 20) i")
    made = case.deployment(database, indexes={"events": FLAT}, queries={"events": FLAT_QUERY})
    flusso = made.start()
    made.settle_and_compare(flusso)
    for statements in (
        ["update events set id = case id when 1 then 2 else 1 end where id in (1, 2)"],
        ["update events set id = 21 - id"],
        ["insert into events values (3, 'second of that key', 0)", "delete from events where id = 3 and amount > 0"],
        ["delete from events where id = 4", "insert into events values (4, 'again', 0)"],
    ):
        with made.database.transaction() as cursor:
            for statement in statements:
                cursor.execute(statement)
        made.wait_confirmed(flusso)
        wrong = made.differences()
        assert not wrong, f"after {statements}:\n" + "\n".join(wrong)


def test_deleting_a_parent_cascades_through_all_documents(case):
    demo, flusso = following(case)
    step(demo, flusso, "delete from users where id in (select user_id from orders order by id limit 3)")
    step(demo, flusso, "delete from categories where id <= 4")
    step(demo, flusso, "delete from orders")
    step(demo, flusso, "delete from products")
    assert not list(demo.opensearch.everything("products"))


def test_a_transaction_counts_as_a_whole_or_not_at_all(case):
    demo, flusso = following(case)
    step(demo, flusso, "update users set full_name = 'first' where id < 50", "savepoint s",
         "update users set full_name = 'rolled back'", "delete from addresses", "rollback to savepoint s",
         "update orders set total = total + 1", "insert into users (id, email, full_name) values (9000, 'x', 'y')",
         "delete from users where id = 9000")
    before = truth(demo)
    with demo.database.connect() as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("delete from order_items")
            cursor.execute("update users set full_name = 'never'")
        connection.rollback()
    connection.close()
    assert truth(demo) == before
    demo.settle_and_compare(flusso)


def test_an_unchanged_toasted_column_stays_in_the_document(case):
    demo, flusso = following(case)
    step(demo, flusso, "insert into products (id, sku, name, price, description) select 8000, 's', 'n', 1,"
                       " string_agg(md5(i::text), '') from generate_series(1, 4000) i")
    step(demo, flusso, "update products set price = 2 where id = 8000")
    assert len(demo.opensearch.get("products", 8000)["description"]) == 128_000


def test_changes_of_a_thousand_rows_at_once_through_every_relation_are_exact(case):
    demo, flusso = following(case, size=10)
    step(demo, flusso, "update order_items set quantity = quantity % 9 + 1")
    step(demo, flusso, "update tags set name = name || '!'", "update categories set name = name || '!'",
         "update reviews set rating = 6 - rating")
    step(demo, flusso, "update orders set user_id = user_id % 1000 + 1", "update users set deleted = not deleted where id % 3 = 0")


def test_random_changes_through_every_relation_end_exact(case):
    from harness.load import Load

    demo, flusso = following(case, size=3)
    load = Load(case, demo.database, rate=300, writers=3)
    for _ in range(3):
        reached = demo.database.position() + 200_000
        demo.wait_confirmed(flusso, position=reached)  # the load moves it there
    load.stop()
    case.note(f"{demo.settle_and_compare(flusso)} documents compared")


def test_an_idle_database_confirms_the_traffic_of_other_tables(case):
    demo, flusso = following(case)
    demo.database.sql("create table elsewhere (id int primary key, text text)")
    before = demo.database.confirmed(demo.slot)
    demo.database.sql("insert into elsewhere select i, repeat('x', 100) from generate_series(1, 20000) i")
    demo.wait_confirmed(flusso, seconds=30)
    assert demo.database.confirmed(demo.slot) > before + 1_000_000


def test_a_document_is_searchable_soon_after_its_change(case):
    """Caught up, flusso forces a refresh; refresh_interval would make it wait."""
    from harness.wait import until

    demo = case.demo()
    demo.sink_options["refresh_interval"] = "300s"
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    demo.database.sql("insert into users (id, email, full_name) values (6000, 'a', 'b')")
    until(lambda: demo.opensearch.searchable("users", 6000), "user 6000 found by a search", 15)
