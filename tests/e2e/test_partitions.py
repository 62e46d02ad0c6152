"""Partitioned tables as root and as child, several levels deep: every document equals the oracle after each step, with
partitions that are made, attached, detached and dropped while flusso runs and while it is stopped.
"""

from harness import oracle

ORDERS = """
version: 1
table: orders
primary_key: id
fields:
  - long: id
  - keyword: note
  - integer: at
  - has_many: items
    schema: store
    table: items
    primary_key: id
    foreign_key: order_id
    fields:
      - long: id
      - integer: n
"""
TRUTH = """
select o.id::text, json_build_object('id', o.id, 'note', o.note, 'at', o.at, 'items',
  coalesce((select json_agg(json_build_object('id', i.id, 'n', i.n) order by i.id) from store.items i where i.order_id = o.id), '[]'))::text
from orders o
"""
TABLES = """
create schema store;
create table orders (id bigint not null, at int not null, note text, primary key (id, at)) partition by range (at);
create table orders_1 partition of orders for values from (0) to (10);
create table orders_2 partition of orders for values from (10) to (20) partition by range (id);
create table orders_2a partition of orders_2 for values from (minvalue) to (1500);
create table "orders 2""b" partition of orders_2 default;
create table store.items (id bigint not null, order_id bigint not null, n int not null, primary key (id, n)) partition by range (n);
create table items_1 partition of store.items for values from (0) to (10);
create table store.items_2 (gone text, n int not null, order_id bigint not null, id bigint not null, primary key (id, n));
alter table store.items_2 drop gone;
alter table store.items attach partition store.items_2 for values from (10) to (20);
create unique index items_1_owner on items_1 (order_id, id);
alter table items_1 replica identity using index items_1_owner;
alter table store.items_2 replica identity full;
insert into orders select g, g % 20, case when g % 3 = 0 then 'a' else 'n' || g end from generate_series(1, 60) g;
insert into store.items select g, g % 60 + 1, g % 20 from generate_series(1, 300) g
"""


def following(case, extra=None):
    database = case.database()
    database.sql(TABLES)
    if extra:
        database.sql(extra)
    made = case.deployment(database, indexes={"orders": ORDERS}, queries={"orders": TRUTH})
    flusso = made.start()
    made.settle_and_compare(flusso)
    return made, flusso


def step(made, flusso, *statements):
    """Runs the statements in one transaction and compares; a step that changes no document tests nothing."""
    before = oracle.expected(made.database.url, TRUTH)
    with made.database.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert oracle.expected(made.database.url, TRUTH) != before, f"changes no document: {statements}"
    made.wait_confirmed(flusso)
    wrong = made.differences()
    assert not wrong, f"after {statements}:\n" + "\n".join(wrong)


def rebuilt(made, flusso, *statements):
    """Runs the statements, waits for the new generation that they make necessary, and compares."""
    before = made.opensearch.generation("orders")
    with made.database.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
    wait_generation(made, flusso, before)


def wait_generation(made, flusso, before):
    from harness.wait import until

    def look():
        flusso.check_running()
        return made.opensearch.generation("orders") not in (before, None)

    until(look, f"another generation than {before}", 60)
    made.wait_settled(flusso)
    wrong = made.differences()
    assert not wrong, "\n".join(wrong)


def test_rows_of_every_partition_reach_their_documents(case):
    made, flusso = following(case)
    generation = made.opensearch.generation("orders")
    for statements in (
        ["insert into orders values (1000, 5, 'x'), (1001, 15, 'a'), (1002, 15, 'b')"],
        ["update orders set note = 'a' where id = 1002"],
        ["update orders set id = 1602 where id = 1002"],                           # to another leaf of the second level
        ["update orders set id = 1002 where id = 1602"],
        ["update orders set at = 3 where id in (1001, 1002)"],                     # across the first level
        ["update orders set id = 2000 where id = 1000"],
        ["delete from orders where id = 1001"],
        ["insert into store.items values (1000, 2000, 5), (1001, 2000, 15)"],
        ["update store.items set order_id = 1002 where id = 1000"],                # leaves a parent: identity by index
        ["update store.items set order_id = 1002 where id = 1001"],                # the same by full row
        ["update store.items set n = 16 where id = 1000"],                         # to another leaf
        ["update store.items set n = 4, order_id = 1 where id = 1001"],            # leaf and parent
        ["delete from store.items where id = 1000"],
        ["delete from store.items where order_id = 1"],
        ["insert into orders values (3000, 1, 'q')", "insert into store.items values (3000, 3000, 1)",
         "update orders set at = 19 where id = 3000", "update store.items set n = 19 where id = 3000"],
    ):
        step(made, flusso, *statements)
    assert made.opensearch.generation("orders") == generation


def test_a_partition_made_while_running_is_followed_from_its_first_row_without_a_rebuild(case):
    made, flusso = following(case)
    generation = made.opensearch.generation("orders")
    step(made, flusso, "create table orders_3 partition of orders for values from (20) to (30)",
         "insert into orders values (5000, 25, 'new')")
    step(made, flusso, "update orders set at = 26, note = 'newer' where id = 5000")
    step(made, flusso, "update orders set at = 26 where id = 1")
    assert made.opensearch.generation("orders") == generation


def test_a_truncated_partition_builds_the_index_anew(case):
    made, flusso = following(case)
    rebuilt(made, flusso, "truncate orders_2a")
    rebuilt(made, flusso, "truncate store.items_2", "insert into store.items values (7000, 1, 15)")


def test_partitions_with_rows_that_come_and_go_are_noticed(case):
    made, flusso = following(case)
    rebuilt(made, flusso, "alter table orders detach partition orders_1")
    rebuilt(made, flusso, "alter table orders attach partition orders_1 for values from (0) to (10)")
    rebuilt(made, flusso, "drop table items_1")
    rebuilt(made, flusso, "create table late (like orders including all)", "insert into late values (8000, 35, 'before')",
            "alter table orders attach partition late for values from (30) to (40)")
    step(made, flusso, "insert into orders values (8001, 36, 'after')")


def test_what_happens_to_partitions_while_stopped_is_noticed_at_start(case):
    made, flusso = following(case)
    flusso.stop()
    before = made.opensearch.generation("orders")
    made.database.sql("drop table orders_2a")
    flusso = made.start()
    wait_generation(made, flusso, before)


def test_a_new_partition_with_a_narrower_identity_builds_the_index_anew(case):
    made, flusso = following(case)
    rebuilt(made, flusso, "create table items_3 partition of store.items for values from (20) to (30)",
            "insert into store.items values (9000, 1, 25)")


def test_a_foreign_publication_that_publishes_partitions_as_one_table(case):
    database = case.database()
    database.sql(TABLES + "; alter table store.items replica identity full; alter table orders replica identity full")
    made = case.deployment(database, indexes={"orders": ORDERS}, queries={"orders": TRUTH})
    database.sql(f'create publication "{made.publication}" for table orders, store.items with (publish_via_partition_root)')
    flusso = made.start("--manage-publication", "false")
    made.settle_and_compare(flusso)
    flusso.wait_log("a TRUNCATE of one partition")
    for statements in (
        ["update orders set at = 3, note = 'z' where id = 15"],
        ["delete from orders where id = 16"],
        ["update store.items set order_id = 5 where id = 1"],
        ["insert into orders values (1000, 5, 'x')", "insert into store.items values (1000, 1000, 5)"],
    ):
        step(made, flusso, *statements)
