"""The measured runs. Each makes its own database (copied from a filled template), prefix and slot, runs the real flusso, and
ends with the comparison of all documents with SQL.
"""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass

import psycopg2

from harness.deployment import Deployment
from harness.opensearch import OpenSearch
from harness.postgres import Database, unique
from harness.services import Stack, scratch_folder
from harness.wait import until
from measure import LOAD, Sampler, percentile
from relations import relations
from tools import AcceptAll, post_bodies
from workloads import WORKLOADS

CHANGES = 100_000
WARM_UPS = 3  # runs of the posting client after which a node has compiled what it will


class Bench:
    """Services, filled databases and flusso runs shared by the scenarios."""

    def __init__(self, arguments, report):
        self.arguments, self.report = arguments, report
        self.folder = scratch_folder("bench")
        self.templates, self.open = {}, []
        self.stack = Stack(profile="bench", fsync=arguments.fsync, heap=arguments.heap)
        self.stack.start()
        self._tune()

    def _tune(self):
        connection = psycopg2.connect(self.stack.pg_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for setting in ("shared_buffers = '1GB'", "max_wal_size = '8GB'", "checkpoint_timeout = '30min'"):
                cursor.execute(f"alter system set {setting}")
        connection.close()
        self.stack.stop_postgres()
        self.stack.start_postgres()

    def rows(self, workload):
        return max(100, int(workload.rows * self.arguments.size))

    def deployment(self, workload, subfields=True, url=None):
        """A deployment over a fresh copy of the workload's tables."""
        if workload.name not in self.templates:
            template = Database.create(self.stack.pg_url)
            self.templates[workload.name] = template.name
            subprocess.run(["/usr/lib/postgresql/15/bin/psql", template.url, "-qX", "-v", "ON_ERROR_STOP=1",
                            "-v", f"rows={self.rows(workload)}", "-f", workload.tables], check=True)
        database = Database.create(self.stack.pg_url, self.templates[workload.name])
        made = Deployment(self.arguments.flusso, self.folder / database.name, database, url or self.stack.os_url,
                          indexes={"users": workload.schema}, queries={"users": workload.documents})
        database.sql("checkpoint")  # what the copy wrote must not be written back beside the run
        os.sync()
        made.sink_options.update(auto_subfields=subfields, refresh_interval="1s", timeout_secs=60)
        self.open.append(made)
        return made

    def done(self, made):
        """Drops a deployment and its database, so that the next run has the machine for itself."""
        self.open.remove(made)
        made.close()
        made.database.drop()

    def sampler(self, flusso=None, **others):
        if flusso:
            others["flusso"] = flusso.pid
        return Sampler(self.stack.pg_url, self.stack.opensearch_pid(), others)

    def close(self):
        for made in self.open:
            made.close()
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def compared(made):
    """The closing comparison as figures; a difference ends the benchmark."""
    count = made.assert_exact()
    return [("documents compared with SQL", count, ""), ("missing or stale", 0, "")]


def indexed(node, index):
    """Index operations that the node has finished on an index or a pattern of them."""
    stats = node.call("GET", f"{index}/_stats/indexing?expand_wildcards=all", expect=(200, 404))
    return sum(index["primaries"]["indexing"]["index_total"] for index in stats.get("indices", {}).values())


# seeds

def seed_accept(bench):
    """Seed into the compiled server that says yes to everything: what flusso and Postgres can do."""
    for name, rate, own in (("flat", 200_000, 4.0), ("deep", 20_000, 12.0)):
        workload = WORKLOADS[name]
        rows = bench.rows(workload)
        for _ in range(bench.arguments.rounds):
            with AcceptAll(bench.arguments.tools) as server:
                made = bench.deployment(workload, url=server.url)
                with bench.sampler(accept_all=server.pid) as sampler:
                    begun = time.monotonic()
                    flusso = made.start("--backfill-only", workers=bench.arguments.workers)
                    until(lambda: server.documents() >= rows or not flusso.running, f"{rows} documents", 600, every=0.1, at_most=0.1)
                    seconds = server.stats()["last_seconds"] - begun  # both clocks are the system's monotonic one
                    assert flusso.wait(60) == 0, made.log_tail()
                documents = server.documents()
            assert documents == rows, f"{documents} documents for {rows} rows"
            bench.report.add(
                f"seed {name} → accept-all, {rows} documents",
                [("documents/s", rows / seconds, ""), ("own processor time", 1e6 * flusso.cpu_seconds() / rows, "µs/document"),
                 ("peak RSS", flusso.peak_rss_mib(), "MiB")],
                {"flusso": round(flusso.cpu_seconds(), 2), **sampler.report()},
                [("documents/s", rate, "min"), ("own processor time", own, "max")],
                "process start to last document; the server counts what it was sent, one for each row")
            bench.done(made)


def seed_opensearch(bench):
    """Seed into the real node, between two runs of a client that only posts the same bodies to the same mapping: what the
    machine gives drifts within minutes, and the mean of both sides drifts with it."""
    wanted = {("flat", True): (22_000, 0.8), ("flat", False): (50_000, 0.8), ("deep", True): (5_000, 0.8), ("deep", False): (10_000, 0.55)}
    for (name, subfields), (rate, share) in wanted.items():
        if bench.arguments.shape not in (None, name):
            continue
        workload = WORKLOADS[name]
        rows = bench.rows(workload)
        made = bench.deployment(workload, subfields)
        seed_once(bench, made, rows)  # not counted: the node compiles its code, and the client needs the bodies
        bodies, index_body = write_bodies(bench, made, f"{name}-{subfields}"), same_index(made)
        bench.done(made)
        for _ in range(WARM_UPS):
            before = ceiling(bench, index_body, bodies, rows)
        shares, allowed, rates = [], [], []
        for round_number in range(1, bench.arguments.rounds + 1):
            made = bench.deployment(workload, subfields)
            flusso, seconds, cpu = seed_once(bench, made, rows)
            check = compared(made)
            bench.done(made)
            after = ceiling(bench, index_body, bodies, rows)
            posted, server = (before.rate + after.rate) / 2, (before.server_seconds + after.server_seconds) / 2
            rates.append(rows / seconds)
            shares.append(rates[-1] / posted)  # only figures of one round are comparable
            allowed.append(server / (server + cpu["flusso"] + cpu["flusso's backends"]))
            bench.report.add(
                f"seed {name} → OpenSearch {'with' if subfields else 'without'} subfields, {rows} documents, round {round_number}",
                [("documents/s", rates[-1], ""), ("posting client before it", before.rate, "documents/s"),
                 ("posting client after it", after.rate, "documents/s"), ("share of the posting client", shares[-1], ""),
                 ("node's processor time for the client", 1e6 * server / rows, "µs/document"),
                 ("own processor time", 1e6 * flusso.cpu_seconds() / rows, "µs/document"),
                 ("peak RSS", flusso.peak_rss_mib(), "MiB"), *check], cpu)
            before = after
        bench.report.add(
            f"seed {name} {'with' if subfields else 'without'} subfields: median of {len(rates)}",
            [("documents/s", statistics.median(rates), ""), ("share of the posting client", statistics.median(shares), ""),
             ("share if start and waiting took no time", statistics.median(allowed), "")], None,
            [("documents/s", rate, "min"), ("share of the posting client", share, "min")],
            "the last share is node's / (node's + flusso's + its backends' processor time): what full cores would allow")


def seed_once(bench, made, rows):
    """The process, seconds until the last document is in the node, processor seconds."""
    with bench.sampler() as sampler:
        begun = time.monotonic()
        flusso = made.start("--backfill-only", workers=bench.arguments.workers)
        until(lambda: indexed(made.opensearch, f"{made.prefix}users*") >= rows or not flusso.running, f"{rows} documents", 900, every=0.05, at_most=0.05)
        seconds = time.monotonic() - begun
        assert flusso.wait(120) == 0, made.log_tail()
    return flusso, seconds, {"flusso": round(flusso.cpu_seconds(), 2), **sampler.report()}


def write_bodies(bench, made, name):
    """The documents as flusso wrote them, one per line, for the posting client."""
    path = bench.folder / f"{name}.ndjson"
    with path.open("w") as out:
        for document_id, source in made.opensearch.everything("users"):
            out.write(f"{document_id}\t{json.dumps(source, separators=(',', ':'), ensure_ascii=False, default=float)}\n")
    return path


def same_index(made):
    """The body of an index like the one that flusso has filled."""
    generation = made.opensearch.generation("users")
    answer = made.opensearch.call("GET", generation)[generation]
    return {"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1",
                         "analysis": answer["settings"]["index"].get("analysis", {})},
            "mappings": answer["mappings"]}


@dataclass(frozen=True)
class Ceiling:
    """What the posting client reached: documents per second, and the node's processor seconds."""

    rate: float
    server_seconds: float


def ceiling(bench, index_body, bodies, rows):
    """The client that only posts, into a fresh index of that body."""
    node = OpenSearch(bench.stack.os_url)
    index = unique("ceiling")
    node.call("PUT", index, index_body)
    try:
        posting = []
        poster = threading.Thread(target=lambda: posting.append(post_bodies(bench.arguments.tools, node.url, index, bodies)))
        with bench.sampler() as sampler:  # watched as closely as flusso is: watching costs processor time too
            poster.start()
            while poster.is_alive():
                indexed(node, index)
                poster.join(0.05)
        node.call("POST", f"{index}/_refresh")
        assert node.count(index) == rows
        return Ceiling(rows / posting[0], sampler.cpu["opensearch"])
    finally:
        node.call("DELETE", index)


# live

class Reader:
    """Realtime GETs over one kept connection, as cheap as Python has them."""

    def __init__(self, made):
        parts = urllib.parse.urlsplit(made.opensearch.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        self.path = f"/{made.prefix}users/_doc/"

    def get(self, document_id, fields):
        self.connection.request("GET", f"{self.path}{document_id}?_source_includes={fields}")
        reply = self.connection.getresponse()
        body = reply.read()
        return json.loads(body).get("_source") if reply.status == 200 else None


LIVE_WARM_UP_SECONDS = 15


def live(bench):
    """Commit to readable by id, at 100 single-row transactions a second."""
    for name in ("flat", "deep"):
        made = bench.deployment(WORKLOADS[name])
        flusso = made.start(workers=bench.arguments.workers)
        made.wait_settled(flusso, 600)
        seconds = bench.arguments.live_seconds
        uncounted = 100 * LIVE_WARM_UP_SECONDS
        total, latencies, lock = uncounted + int(100 * seconds), [], threading.Lock()
        rows = bench.rows(WORKLOADS[name])
        begun = time.monotonic() + 0.2

        def worker(first, step):
            reader = Reader(made)
            connection = made.database.connect(application_name=LOAD)
            mine = []
            with connection.cursor() as cursor:
                for number in range(first, total, step):
                    value = f"at {number}"
                    time.sleep(max(0.0, begun + number / 100 - time.monotonic()))  # the rate is the load
                    document = 1 + number * 7919 % rows
                    cursor.execute("update users set full_name = %s where id = %s", (value, document))
                    committed = time.monotonic()
                    while (reader.get(document, "fullName") or {}).get("fullName") != value:
                        if time.monotonic() - committed > 30:
                            raise AssertionError(f"user {document} did not become {value!r}")
                        time.sleep(0.001)
                    if number >= uncounted:
                        mine.append((time.monotonic() - committed) * 1000)
            connection.close()
            with lock:
                latencies.extend(mine)

        with bench.sampler(flusso) as sampler:
            threads = [threading.Thread(target=worker, args=(first, 12)) for first in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(latencies) == total - uncounted, f"{len(latencies)} of {total - uncounted} changes became readable"
        made.wait_confirmed(flusso)
        bench.report.add(
            f"live {name}, 100 transactions/s for {seconds:.0f} s",
            [("p50", percentile(latencies, 0.5), "ms"), ("p90", percentile(latencies, 0.9), "ms"), ("p99", percentile(latencies, 0.99), "ms"),
             ("max", max(latencies), "ms"), ("peak RSS", flusso.peak_rss_mib(), "MiB"), *compared(made)],
            sampler.report(), [("p50", 15.0, "max"), ("p99", 60.0, "max")], f"after {LIVE_WARM_UP_SECONDS} s at the same rate that are not counted: a node that has just started compiles its own code; "
            "the reader polls every 1 ms and is part of the load")
        bench.done(made)


def throughput(bench):
    """100 000 single-row updates as fast as four pgbench clients commit them."""
    for name in ("flat", "deep"):
        workload = WORKLOADS[name]
        made = bench.deployment(workload)
        flusso = made.start(workers=bench.arguments.workers)
        made.wait_settled(flusso, 600)
        script = made.folder / "update.sql"
        script.write_text(workload.update)
        with bench.sampler(flusso) as sampler:
            begun = time.monotonic()
            subprocess.run(["/usr/bin/pgbench", "-n", "-c", "4", "-j", "2", "-t", str(CHANGES // 4), "-M", "prepared", "-f", script,
                            "-D", f"rows={bench.rows(workload)}", made.database.url], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, env={"PGAPPNAME": LOAD, "PATH": "/usr/bin:/bin"})
            made.database.sql("update users set full_name = 'sentinel' where id = 1")
            committed, position = time.monotonic(), made.database.position()
            reader = Reader(made)
            until(lambda: (reader.get(1, "fullName") or {}).get("fullName") == "sentinel", "the sentinel", 600, every=0.005, at_most=0.005)
            visible = time.monotonic()
            made.wait_confirmed(flusso, 600, position)
            confirmed = time.monotonic()
        bench.report.add(
            f"throughput {name}, {CHANGES} single-row updates",
            [("committed", CHANGES / (committed - begun), "changes/s"), ("last one readable after", visible - committed, "s"),
             ("confirmed after that", confirmed - visible, "s"), ("peak RSS", flusso.peak_rss_mib(), "MiB"), *compared(made)],
            sampler.report(), [("last one readable after", 1.0, "max"), ("confirmed after that", 1.0, "max")])
        bench.done(made)


def backlog(bench):
    """100 000 changes in transactions of 100, committed while flusso is stopped: restart to the last one readable, and to all."""
    for name, rate in (("flat", None), ("deep", 5_000)):
        workload = WORKLOADS[name]
        made = bench.deployment(workload, subfields=False)
        flusso = made.start(workers=bench.arguments.workers)
        made.wait_settled(flusso, 600)
        flusso.stop()
        top = made.database.one(f"select max(id) from {workload.changed_table}")
        connection = made.database.connect(application_name=LOAD)
        connection.autocommit = False
        with connection.cursor() as cursor:
            for part in range(CHANGES // 100):
                cursor.execute(workload.touch, ([1 + (part * 100 + n) * 7919 % top for n in range(100)],))
                connection.commit()
            last = 1 + (CHANGES - 1) * 7919 % top
            cursor.execute("update users set full_name = 'sentinel' where id = (select id from (" + workload.probe + ") p(id, value))", (last,))
            cursor.execute(workload.probe, (last,))
            root = cursor.fetchone()[0]
            connection.commit()
        connection.close()
        position = made.database.position()
        begun = time.monotonic()
        flusso = made.start(workers=bench.arguments.workers)
        with bench.sampler(flusso) as sampler:
            reader = Reader(made)
            until(lambda: (reader.get(root, "fullName") or {}).get("fullName") == "sentinel", "the last change", 600, every=0.005, at_most=0.005)
            visible = time.monotonic()
            made.wait_confirmed(flusso, 600, position)
            confirmed = time.monotonic()
        bench.report.add(
            f"backlog {name}, {CHANGES} updates of {workload.changed_table} in transactions of 100, no subfields",
            [("changes/s, last one readable", CHANGES / (visible - begun), ""), ("restart to last one readable", visible - begun, "s"),
             ("changes/s, all confirmed", CHANGES / (confirmed - begun), ""), ("restart to all confirmed", confirmed - begun, "s"),
             ("peak RSS", flusso.peak_rss_mib(), "MiB"), *compared(made)],
            sampler.report(), [("changes/s, all confirmed", rate, "min")] if rate else None,
            "the document of the last change may have been due for an earlier one, so it can come long before the others")
        bench.done(made)


SCENARIOS = {"seed-accept": seed_accept, "seed-opensearch": seed_opensearch, "live": live, "throughput": throughput, "backlog": backlog,
             "relations": relations}
