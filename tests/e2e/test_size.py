"""Things that are large: one hot row, one category with very many products, one transaction of a million rows.

The results must be exact and the memory bounded: the budgets of the pipeline (256 MiB of documents, 32 MiB of changes, ids,
libpq and curl buffers) add up to less than the limit that is checked here.
"""

import threading

from test_seed import FLAT, FLAT_QUERY, flat, indexed

RSS_LIMIT_MIB = 450


def note_memory(case, flusso):
    peak = flusso.peak_rss_mib()
    case.note(f"peak RSS {peak:.0f} MiB (limit {RSS_LIMIT_MIB})")
    assert peak <= RSS_LIMIT_MIB, f"peak RSS {peak:.0f} MiB"


def test_ten_thousand_updates_of_one_row_end_at_the_last_one(case):
    demo = case.demo(1)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    operations = indexed(demo)

    def hammer(low, high):
        connection = demo.database.connect(options="-c synchronous_commit=off")
        with connection.cursor() as cursor:
            for number in range(low, high):
                cursor.execute("update users set login_count = login_count + 1, full_name = %s where id = 1", (f"n {number}",))
        connection.close()

    threads = [threading.Thread(target=hammer, args=(part * 5000, part * 5000 + 5000)) for part in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    demo.database.sql("update users set deleted = false where id = 1")
    demo.settle_and_compare(flusso)
    case.note(f"{indexed(demo) - operations} documents written for 10 000 updates")
    assert indexed(demo) - operations < 5000, "a hot row is not coalesced"


def test_a_renamed_category_rebuilds_its_hundred_thousand_products(case):
    demo = case.demo(1)
    demo.indexes = {"products": demo.indexes["products"]}
    demo.sink_options["auto_subfields"] = False
    database = demo.database
    database.sql("insert into products (id, sku, name, price, category_id) select i, 'sku ' || i, 'name', 1, 1"
                 " from generate_series(1000, 100999) i")
    database.sql("insert into product_tags select i, 1 from generate_series(1000, 100999) i")
    database.sql("vacuum analyze products, product_tags")
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    database.sql("update categories set name = 'everything' where id = 1")
    database.sql("update users set full_name = 'unrelated' where id = 1")
    demo.wait_confirmed(flusso, seconds=120)
    case.note(f"{demo.assert_exact()} documents compared")
    note_memory(case, flusso)


def test_one_transaction_of_a_million_rows_is_exact_and_takes_bounded_memory(case):
    demo = flat(case, 1)
    demo.sink_options["auto_subfields"] = False
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    with demo.database.transaction() as cursor:
        cursor.execute("set local synchronous_commit = off")
        cursor.execute("insert into events select i, md5(i::text), i from generate_series(2, 900001) i")
        cursor.execute("update events set amount = -amount where id % 10 = 0")
        cursor.execute("delete from events where id % 90 = 7")
    demo.database.sql("vacuum analyze events")
    demo.wait_confirmed(flusso, seconds=240)
    case.note(f"{demo.assert_exact()} documents compared")
    note_memory(case, flusso)


def test_a_huge_document_and_many_big_ones_pass_through_bounded_memory(case):
    demo = flat(case, 10)
    demo.indexes["events"] = FLAT.replace("keyword: name", "text: name")
    demo.sink_options["auto_subfields"] = False
    demo.sink_options["timeout_secs"] = 60
    demo.queries["events"] = FLAT_QUERY
    demo.database.sql("insert into events select i, repeat('word ' || i || ' ', 30000), 1 from generate_series(100, 500) i")
    demo.database.sql("insert into events select 1000, repeat('word ', 5000000), 1")
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    demo.database.sql("update events set amount = 2")
    demo.wait_confirmed(flusso)
    demo.assert_exact()
    note_memory(case, flusso)


test_one_transaction_of_a_million_rows_is_exact_and_takes_bounded_memory.seconds = 900
