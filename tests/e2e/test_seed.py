"""The first start: every row of the source becomes a document while changes flow, once, and a restart does not repeat it."""

import signal

from harness.load import Load
from harness.services import ROOT
from harness.wait import until


def indexed(demo):
    """How many index operations the node has carried out on our indexes since they were made."""
    stats = demo.opensearch.call("GET", f"{demo.prefix}*/_stats/indexing?expand_wildcards=all")
    return sum(index["primaries"]["indexing"]["index_total"] for name, index in stats["indices"].items() if "flusso_meta" not in name)


FLAT = """
version: 1
table: events
primary_key: id
fields:
  - long: id
    required: true
  - keyword: name
    required: true
  - double: amount
"""
FLAT_QUERY = "select id::text, json_build_object('id', id, 'name', name, 'amount', amount)::text from events"


def flat(case, rows, **options):
    """A deployment of one flat index over a table of our own."""
    database = case.database()
    database.sql("create table events (id bigint primary key, name text not null, amount float8)")
    database.sql("insert into events select i, md5(i::text), i / 7.0 from generate_series(1, %s) i", rows)
    database.sql("vacuum analyze events")
    return case.deployment(database, indexes={"events": FLAT}, queries={"events": FLAT_QUERY}, **options)


def test_a_seed_of_the_demo_store_equals_the_source(case):
    demo = case.demo(20)
    flusso = demo.start()
    case.note(f"{demo.settle_and_compare(flusso)} documents compared")
    flusso.stop()


def test_the_shipped_demo_configuration_runs_with_its_two_variables(case):
    """dev/flusso.toml itself, its addresses replaced by DATABASE_URL and PRIMARY_OPENSEARCH_URL as its comment says."""
    demo = case.demo(1)
    flusso = demo.command("run", "--config", ROOT / "dev/flusso.toml", "--slot", demo.slot, "--publication", demo.publication,
                          environment={"DATABASE_URL": demo.database.url, "PRIMARY_OPENSEARCH_URL": demo.opensearch.url,
                                       "FLUSSO_INDEX_PREFIX": demo.prefix, "FLUSSO_PUBLIC_ADDRESS": "127.0.0.1:0",
                                       "FLUSSO_PRIVATE_ADDRESS": "127.0.0.1:0"})
    demo.settle_and_compare(flusso)


def test_an_empty_source_is_seeded_and_then_followed(case):
    demo = case.demo(0)
    flusso = demo.start()
    demo.wait_settled(flusso)
    assert demo.assert_exact() == 0
    demo.database.sql("insert into users (email, full_name) values ('a', 'b')")
    demo.wait_confirmed(flusso)
    assert demo.assert_exact() == 1


def test_changes_made_while_seeding_are_not_lost(case):
    demo = case.demo(30)
    load = Load(case, demo.database, rate=100, writers=3)
    flusso = demo.start()
    demo.wait_seeded(flusso, 300)  # the load is more than some machines can follow; it ends when the seed does
    load.stop()
    case.note(f"{demo.settle_and_compare(flusso, 300)} documents compared")


def test_a_restart_neither_seeds_again_nor_changes_the_index(case):
    demo = case.demo(3)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()
    indexes, operations = demo.opensearch.indexes(), indexed(demo)
    demo.database.sql("update products set name = 'while flusso was stopped' where id = 1")
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    assert demo.opensearch.indexes() == indexes
    assert indexed(demo) <= operations + 20, "the restart wrote documents again"


def test_names_and_mappings_are_those_of_the_manual(case):
    demo = case.demo(1)
    flusso = demo.start()
    demo.wait_settled(flusso)
    for name in demo.active():
        generation, alias = demo.opensearch.generation(name), demo.opensearch.hash_alias(name)
        assert generation == f"{alias}_1", f"{name} is {generation} behind {alias}"
        assert demo.opensearch.alias_targets(alias) == [generation]
        settings = demo.opensearch.call("GET", f"{generation}/_settings?flat_settings=true")[generation]["settings"]
        assert settings["index.refresh_interval"] == "1s" and settings["index.number_of_replicas"] == "0", settings
        mapping = demo.opensearch.call("GET", f"{generation}/_mapping")[generation]["mappings"]
        assert mapping["dynamic"] == "strict"
    fields = mapping_of(demo, "users")
    assert fields["email"]["type"] == "keyword" and fields["email"]["fields"].keys() == {"text", "keyword_lowercase"}
    assert fields["fullName"]["type"] == "text" and fields["fullName"]["analyzer"] == "flusso_text"
    assert fields["orders"]["type"] == "nested" and fields["orders"]["properties"]["items"]["type"] == "nested"
    assert fields["orderCount"]["type"] == "long" and fields["lastOrderAt"]["type"] == "date"
    assert mapping_of(demo, "products")["sku"]["analyzer"] == "flusso_code"


def mapping_of(demo, name):
    generation = demo.opensearch.generation(name)
    return demo.opensearch.call("GET", f"{generation}/_mapping")[generation]["mappings"]["properties"]


def test_a_killed_seed_goes_on_where_it_stopped(case):
    rows = 150_000
    demo = flat(case, rows)
    demo.sink_options["auto_subfields"] = False
    flusso = demo.start(workers=1)

    def half_way():
        flusso.check_running()
        return demo.opensearch.indexes() and indexed(demo) > rows / 2

    until(half_way, "half of the rows indexed", 120)
    flusso.kill9()
    done = indexed(demo)
    assert done < rows, "the seed was over before it was killed; give it more rows"
    flusso = demo.start(workers=1)
    demo.settle_and_compare(flusso)
    total = indexed(demo)
    case.note(f"killed at {done}, {total} index operations for {rows} rows")
    assert total < rows + done * 0.6, "the second run began at zero"


def test_backfill_only_seeds_and_ends_and_leaves_the_slot(case):
    demo = case.demo(3)
    load = Load(case, demo.database, rate=100, writers=1)
    stopped = demo.start("--backfill-only")
    stopped.wait_log("publication created")
    stopped.send(signal.SIGTERM)
    assert stopped.wait() == 1 and "goes on from there" in stopped.log(), "a job that was stopped is not done"
    flusso = demo.start("--backfill-only")
    code = flusso.wait(120)
    load.stop()
    assert code == 0, f"exit code {code}"
    assert demo.slot in flusso.log() and "slot" in flusso.log(), "does not say that the slot stays"
    assert demo.database.confirmed(demo.slot) is not None and not demo.database.slot_active(demo.slot)
    for name in demo.active():
        assert demo.opensearch.seeded(name)
    operations = indexed(demo)
    again = demo.start("--backfill-only")
    assert again.wait(60) == 0
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    case.note(f"{operations} operations to seed, {indexed(demo)} after the load was caught up")


def test_backfill_only_refuses_while_another_flusso_holds_the_slot(case):
    demo = case.demo(1)
    flusso = demo.start()
    demo.wait_settled(flusso)
    second = demo.start("--backfill-only")
    assert second.wait(60) == 1
    assert demo.slot in second.log(), second.log()
    flusso.check_running()
    demo.assert_exact()


def test_skip_backfill_follows_changes_only(case):
    demo = case.demo(1)
    flusso = demo.start("--skip-backfill")
    until(lambda: flusso.check_running() or demo.database.slot_active(demo.slot), "an active slot", 30)
    demo.database.sql("update users set full_name = 'followed', deleted = false where id in (1, 2)")
    demo.wait_document(flusso, "users", 2, lambda document: document and document["fullName"] == "followed")
    demo.wait_confirmed(flusso)
    assert {"1", "2"} <= {document_id for document_id, _ in demo.opensearch.everything("users")}
    assert len(list(demo.opensearch.everything("users"))) == 2
    assert not list(demo.opensearch.everything("products"))
    flusso.stop()
    flusso = demo.start()
    demo.settle_and_compare(flusso)


def test_an_index_that_was_disabled_for_one_run_is_rebuilt(case):
    demo = case.demo(1)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()
    demo.disabled = {"products"}
    flusso = demo.start()
    demo.wait_settled(flusso)
    demo.database.sql("update products set price = price + 1")
    demo.database.sql("delete from products where id = (select max(id) from products where id not in (select product_id from order_items))")
    demo.wait_confirmed(flusso)
    flusso.stop()
    demo.disabled = set()
    flusso = demo.start()
    until(lambda: flusso.check_running() or not demo.differences(), lambda: "\n".join(demo.differences()), 60)
    demo.settle_and_compare(flusso)
    assert demo.opensearch.generation("products").endswith("_2")


def test_an_index_whose_tables_join_the_publication_later_misses_no_change(case):
    """Its seed must wait for transactions that were open when the tables joined."""
    demo = case.demo(3)
    demo.disabled = {"products", "orders"}
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()
    with demo.database.transaction() as cursor:
        cursor.execute("update products set price = price + 1 where id <= 20")
        cursor.execute("insert into products (sku, name, price) values ('open', 'open', 1)")
        demo.disabled = set()
        flusso = demo.start()
        # Either it waits for this transaction, or it does not touch products before its end.
        until(lambda: flusso.check_running() or demo.database.one(
            "select count(*) from pg_publication_tables where pubname = %s and tablename = 'reviews'", demo.publication),
            "products' tables in the publication", 30)
    demo.settle_and_compare(flusso)


def test_a_transaction_that_is_open_while_the_slot_is_made_is_not_lost(case):
    demo = case.demo(3)
    with demo.database.transaction() as cursor:
        cursor.execute("update users set full_name = 'open while the slot was made' where id <= 50")
        flusso = demo.start()
        until(lambda: flusso.check_running() or demo.database.one("select count(*) from pg_replication_slots where slot_name = %s",
                                                                  demo.slot), "the slot", 30)
        cursor.execute("delete from orders where id <= 20")
    demo.settle_and_compare(flusso)


def test_a_changed_schema_builds_a_new_index_and_moves_the_alias_when_it_is_full(case):
    demo = flat(case, 2000)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()
    old = demo.opensearch.generation("events")
    demo.indexes["events"] = FLAT + "  - constant: kind\n    value: event\n"
    demo.queries["events"] = ("select id::text, json_build_object('id', id, 'name', name, 'amount', amount, 'kind', 'event')::text"
                              " from events")
    flusso = demo.start()
    until(lambda: flusso.check_running() or demo.opensearch.generation("events") != old, "the alias on a new index", 60)
    demo.settle_and_compare(flusso)
