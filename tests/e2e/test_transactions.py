"""Transactions that are large, interleaved, prepared, rolled back in part or whole: documents know of what was committed, in the
order in which it was, and of nothing else.
"""

from harness.postgres import Database
from harness.wait import until
from test_ddl import PEOPLE, TABLES, THINGS, TRUTH
from test_faults import on_spare
from test_seed import flat

INTERLEAVED = 10_000


def test_what_a_streamed_transaction_rolls_back_in_part_or_whole_never_shows(case):
    made = flat(case, 1000)
    # The server sends what outgrows this before it is decided: a savepoint that is rolled back has been sent by then.
    made.connection_url = made.database.url + "?options=-c%20logical_decoding_work_mem%3D64kB"
    flusso = made.start()
    made.settle_and_compare(flusso)
    before = written(made)
    with made.database.transaction() as kept, made.database.connect() as other:
        other.autocommit = False
        doomed = other.cursor()
        for round_number in range(4):
            base = 10_000 * (round_number + 1)
            kept.execute("insert into events select i, 'kept', 1 from generate_series(%s, %s) i", (base, base + 1500))
            doomed.execute("insert into events select i, 'never', 2 from generate_series(%s, %s) i", (base + 5000, base + 6500))
            kept.execute("savepoint a")
            kept.execute("update events set name = 'never' where id between 1 and 600")
            kept.execute("savepoint b")
            kept.execute("insert into events select i, 'never', 3 from generate_series(%s, %s) i", (base + 2000, base + 3500))
            kept.execute("release savepoint b")
            kept.execute("rollback to savepoint a")
            kept.execute("savepoint c")
            kept.execute("update events set name = 'kept' where id = %s", (round_number + 1,))
            kept.execute("release savepoint c")
            kept.execute("delete from events where id = %s", (round_number + 700,))
            doomed.execute("delete from events where id between 801 and 900 and id %% 7 = %s", (round_number,))
        until(lambda: flusso.check_running() or streamed(made) >= 2, "both transactions sent before they were decided", 30)
        other.rollback()
    other.close()
    made.wait_confirmed(flusso)
    made.assert_exact()
    case.note(f"{written(made) - before} documents written for {4 * 1501 + 8} committed changes")
    assert written(made) - before <= 4 * 1501 + 8, "something that was rolled back has been written"


def streamed(made):
    return made.database.one("select stream_count from pg_stat_replication_slots where slot_name = %s", made.slot) or 0


def written(made):
    stats = made.opensearch.call("GET", f"{made.prefix}events_*/_stats/indexing")["_all"]["primaries"]["indexing"]
    return stats["index_total"] + stats["delete_total"]


def prepare(database, name, statements):
    database.sql(f"begin; {statements}; prepare transaction '{name}'")


def roll_back_prepared(database):
    for name, in database.sql("select gid from pg_prepared_xacts where database = %s", database.name):
        database.sql(f"rollback prepared '{name}'")


def test_a_prepared_transaction_counts_when_it_is_committed_however_late_and_not_at_all_when_it_is_rolled_back(case):
    case.settings(case.services.spare, max_prepared_transactions=INTERLEAVED + 100, max_locks_per_transaction=16)
    spare, demo, flusso = on_spare(case, size=1)
    case.stack.callback(roll_back_prepared, demo.database)
    prepare(demo.database, "late", "update users set full_name = 'late', deleted = false where id <= 3;"
                                   "insert into orders (id, user_id, status, total) values (9001, 1, 'paid', 5)")
    prepare(demo.database, "never", "delete from users where id = 5; update orders set total = 0 where id between 10 and 20")
    demo.database.sql("update products set price = price + 1, archived_at = null")
    demo.settle_and_compare(flusso)
    flusso.kill9()
    spare.stop_postgres(immediate=True)
    spare.start_postgres()
    demo.database.reconnect()
    flusso = demo.start()
    demo.database.sql("update products set price = price + 1")
    demo.settle_and_compare(flusso)
    assert demo.opensearch.get("orders", 9001) is None
    demo.database.sql("commit prepared 'late'")
    demo.database.sql("rollback prepared 'never'")
    demo.settle_and_compare(flusso)
    assert demo.opensearch.get("users", 1)["fullName"] == "late" and demo.opensearch.get("orders", 9001)
    flusso.stop()


def test_ten_thousand_interleaved_transactions_are_exact(case):
    spare = case.services.spare
    case.settings(spare, max_prepared_transactions=INTERLEAVED + 100, max_locks_per_transaction=16)
    database = case.own(Database.create(spare.pg_url), "drop")
    database.sql(TABLES)
    made = case.deployment(database, opensearch_url=spare.os_url, indexes={"people": PEOPLE, "things": THINGS}, queries=TRUTH)
    flusso = made.start()
    made.settle_and_compare(flusso)
    case.stack.callback(roll_back_prepared, database)
    # All of them are open at once; about two hundred write into the same document.
    for number in range(INTERLEAVED):
        prepare(database, f"t{number}", f"insert into pets values ({1000 + number}, {number % 50 + 1}, 'pet');"
                                        f"insert into things values ({1000 + number}, 'thing')")
    order = list(range(INTERLEAVED))
    case.random.shuffle(order)
    for number in order:
        database.sql(f"{'rollback' if number % 10 == 0 else 'commit'} prepared 't{number}'")
    made.wait_confirmed(flusso, 120)
    case.note(f"{made.assert_exact()} documents compared")
