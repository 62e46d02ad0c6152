"""Ten million rows in one transaction, end to end (`dev/test --large`): every document exact, memory bounded, and the
figures of it: time, WAL, what went to disk, peak memory.

FLUSSO_TEST_LARGE_ROWS=1000000 makes it smaller. It takes about 3 GB of disk for the rows, their WAL, the spilled
transaction and the index.
"""

import os
import re
import time

ROWS = int(os.environ.get("FLUSSO_TEST_LARGE_ROWS", "10000000"))
RSS_LIMIT_MIB = 400
SLICE = 100_000

NARROW = """
version: 1
table: narrow
primary_key: id
fields:
  - long: id
    required: true
  - long: v
    required: true
"""


def test_one_transaction_of_ten_million_rows_is_exact_and_takes_bounded_memory(case):
    database = case.database()
    database.sql("create table narrow (id int primary key, v int not null)")
    database.sql("insert into narrow values (0, 0)")
    demo = case.deployment(database, indexes={"narrow": NARROW}, queries={"narrow": "select id::text, '' from narrow"})
    demo.sink_options["auto_subfields"] = False
    flusso = demo.start()
    demo.wait_settled(flusso)
    idle = flusso.peak_rss_mib()

    before, begun = database.position(), time.monotonic()
    with database.transaction() as cursor:
        cursor.execute("insert into narrow select i, i %% 1000 from generate_series(1, %s) i", (ROWS,))
        cursor.execute("savepoint s")
        cursor.execute("update narrow set v = -1 where id <= %s", (ROWS // 100,))
        cursor.execute("rollback to s")
    written = time.monotonic()
    wal = database.position() - before
    demo.wait_confirmed(flusso, seconds=max(600, ROWS // 1000))
    confirmed = time.monotonic()

    compare(demo)
    spilled = sum(int(found) for found in re.findall(r"a large transaction has committed.*bytes_in_file=(\d+)", flusso.log()))
    sent, spilled_there = database.sql("select stream_bytes, spill_bytes from pg_stat_replication_slots where slot_name = %s",
                                       demo.slot)[0]
    peak = flusso.peak_rss_mib()
    case.note(f"{ROWS} rows in one transaction: written in {written - begun:.0f} s, confirmed {confirmed - written:.0f} s later"
              f" ({ROWS / (confirmed - begun):.0f} rows/s from the first statement on)")
    case.note(f"WAL {mib(wal)} MiB, {wal / ROWS:.0f} bytes a row; streamed {mib(sent)} MiB; in flusso's file {mib(spilled)} MiB; "
              f"spilled by the server {mib(spilled_there)} MiB")
    case.note(f"peak RSS {peak:.0f} MiB (idle {idle:.0f}, limit {RSS_LIMIT_MIB}); {flusso.cpu_seconds():.0f} s of processor time")
    assert spilled > 0 or ROWS < 5_000_000, "the transaction did not outgrow memory"
    assert peak <= RSS_LIMIT_MIB, f"peak RSS {peak:.0f} MiB"


def compare(demo):
    """Every slice of the key has the same count, the same sum of keys and the same sum of values on both sides."""
    opensearch, index = demo.opensearch, f"{demo.prefix}narrow"
    opensearch.call("POST", f"{index}/_refresh", timeout=300)
    expected = {slice_: (count, ids, values) for slice_, count, ids, values in demo.database.sql(
        "select id / %s, count(*), sum(id)::bigint, sum(v)::bigint from narrow group by 1", SLICE)}
    answer = opensearch.call("POST", f"{index}/_search", {
        "size": 0, "track_total_hits": True,
        "aggs": {"slices": {"histogram": {"field": "id", "interval": SLICE},
                            "aggs": {"ids": {"sum": {"field": "id"}}, "values": {"sum": {"field": "v"}}}}}}, timeout=600)
    found = {int(bucket["key"]) // SLICE: (bucket["doc_count"], int(bucket["ids"]["value"]), int(bucket["values"]["value"]))
             for bucket in answer["aggregations"]["slices"]["buckets"]}
    wrong = [slice_ for slice_ in expected.keys() | found.keys() if expected.get(slice_) != found.get(slice_)]
    assert not wrong, f"{len(wrong)} slices differ: " + ", ".join(
        f"{slice_}: {found.get(slice_)} instead of {expected.get(slice_)}" for slice_ in sorted(wrong)[:5])
    assert answer["hits"]["total"]["value"] == ROWS + 1


def mib(count):
    return int(count) >> 20


test_one_transaction_of_ten_million_rows_is_exact_and_takes_bounded_memory.seconds = 8400
