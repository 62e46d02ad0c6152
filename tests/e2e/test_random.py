"""Random histories of the whole demo store under random replica identities, each document compared with the oracle.

FLUSSO_RANDOM_HISTORIES (2) and FLUSSO_RANDOM_OPERATIONS (2000) make it longer; FLUSSO_TEST_SEED repeats it.
"""

import os
import random

from harness.load import Writer
from harness.wait import until

HISTORIES = int(os.environ.get("FLUSSO_RANDOM_HISTORIES", "2"))
OPERATIONS = int(os.environ.get("FLUSSO_RANDOM_OPERATIONS", "2000"))

# Tables whose identity may be anything; None leaves what the store chose, which carries the foreign keys.
TABLES = ["users", "profiles", "addresses", "categories", "products", "tags", "product_tags", "orders", "order_items", "reviews"]
IDENTITIES = [None, "default", "full"]


def history(case, number):
    choose = random.Random(f"{case.seed}/{number}")
    demo = case.demo(1)
    demo.traced = True
    chosen = {}
    for table in TABLES:
        identity = choose.choice(IDENTITIES)
        if identity:
            demo.database.sql(f"alter table {table} replica identity {identity}")
            chosen[table] = identity
    writers = [Writer(demo.database, f"{case.seed}/{number}/{n}") for n in range(2)]
    kill_at = choose.randrange(OPERATIONS)
    truncate_at = choose.randrange(OPERATIONS) if choose.random() < 0.3 else None
    flusso = demo.start()
    for operation in range(OPERATIONS):
        choose.choice(writers).act()
        if operation == kill_at:
            flusso.kill9()
            flusso = demo.start()
        if operation == truncate_at:
            demo.database.sql("truncate reviews")
    for writer in writers:
        writer.connection.close()
    demo.wait_settled(flusso)
    wrong = {}

    def exact():
        # A truncate is repaired by a new generation, behind which readers see the old one until it is complete.
        flusso.check_running()
        wrong["now"] = demo.differences()
        return not wrong["now"]

    if truncate_at is None:
        assert exact(), f"history {number}, identities {chosen}\n" + "\n".join(wrong["now"])
    else:
        until(exact, lambda: f"history {number}, identities {chosen}, truncated: " + "\n".join(wrong["now"]), 90, every=0.5)
    flusso.stop()
    demo.close()
    demo.database.drop()  # its slot, too: a server has few
    return demo.compared


def test_random_histories_of_the_whole_store_end_exact(case):
    compared = sum(history(case, number) for number in range(HISTORIES))
    case.note(f"{HISTORIES} histories of {OPERATIONS} operations, {compared} documents compared, 0 differences")


test_random_histories_of_the_whole_store_end_exact.seconds = max(420, 120 * HISTORIES)
