"""What one changed row costs, by the way it leads to its documents, and by what its replica identity carries: resolve, build and
send together, as processor time of flusso and of the backends it asks, WAL per change, and the wait after the last commit.
"""

import time

from harness.deployment import Deployment
from harness.postgres import DemoStore

STORE_SIZE = 20   # 2 000 users, 1 000 products, 20 000 orders
CHANGES = 2_000

# (name, statement with %(id)s, table whose ids are taken)
KINDS = [
    ("root", "update users set login_count = login_count + 1 where id = %(id)s", "users"),
    ("has_one", "update profiles set bio = bio || '.' where id = %(id)s", "profiles"),
    ("has_many", "update addresses set street = street || '.' where id = %(id)s", "addresses"),
    ("has_many and five aggregates", "update orders set total = total + 1 where id = %(id)s", "orders"),
    ("has_many of has_many, and belongs_to", "update order_items set quantity = quantity + 1 where id = %(id)s", "order_items"),
    ("belongs_to target", "update categories set description = description || '.' where id = %(id)s", "categories"),
    ("many_to_many, far row", "update tags set name = name || '.' where id = %(id)s", "tags"),
    ("many_to_many, junction row", "update product_tags set tag_id = tag_id where product_id = %(id)s", "products"),
    ("aggregate source", "update reviews set rating = 6 - rating where id = %(id)s", "reviews"),
]
IDENTITIES = [("foreign key in an index", "using index addresses_identity"), ("full", "full"), ("default, searched for", "default")]


def relations(bench):
    """Each relation kind of the demo store, then one of them under each replica identity."""
    store = DemoStore(bench.stack.pg_url)
    try:
        for title, identity in [(None, None), *IDENTITIES]:
            database = store.database(STORE_SIZE)
            if identity:
                database.sql(f"alter table addresses replica identity {identity}")
            made = Deployment(bench.arguments.flusso, bench.folder / database.name, database, bench.stack.os_url)
            made.traced = identity == "default"
            bench.open.append(made)
            flusso = made.start(workers=bench.arguments.workers)
            made.wait_settled(flusso, 300)
            for kind, statement, table in KINDS if identity is None else [KINDS[2]]:
                measure(bench, made, flusso, f"change of a row: {kind}" + (f", identity: {title}" if title else ""), statement, table)
            made.assert_exact()
            bench.done(made)
    finally:
        store.close()


def measure(bench, made, flusso, title, statement, table):
    ids = [row[0] for row in made.database.sql(f"select id from {table} order by id limit {CHANGES}")]
    connection = made.database.connect()
    documents = made.opensearch.call("GET", f"{made.prefix}*/_stats/indexing")["_all"]["primaries"]["indexing"]["index_total"]
    before, cpu = made.database.position(), flusso.cpu_seconds()
    with bench.sampler(flusso) as sampler, connection.cursor() as cursor:
        for number in range(CHANGES):
            cursor.execute(statement, {"id": ids[number % len(ids)]})
        wal = made.database.position() - before
        committed = time.monotonic()
        made.wait_confirmed(flusso, 300)
        waited = time.monotonic() - committed
    connection.close()
    used = sampler.report()
    written = made.opensearch.call("GET", f"{made.prefix}*/_stats/indexing")["_all"]["primaries"]["indexing"]["index_total"] - documents
    bench.report.add(
        f"{title}, {CHANGES} single-row transactions",
        [("own processor time", 1e6 * (flusso.cpu_seconds() - cpu) / CHANGES, "µs/change"),
         ("of its backends", 1e6 * used.get("flusso's backends", 0) / CHANGES, "µs/change"), ("documents written", written / CHANGES, "per change"),
         ("WAL", wal / CHANGES, "bytes/change"), ("confirmed after the last commit", waited, "s")], used)
