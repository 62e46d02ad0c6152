"""Processor time and memory by process while a benchmark runs, from /proc; Postgres' processes are told apart by
pg_stat_activity, so that flusso's own backends, its walsender and the load generator's backends have a line each.
"""

import threading
import time
from collections import defaultdict
from pathlib import Path

import psycopg2

from harness.process import cpu_seconds

LOAD = "bench-load"  # application_name of everything that is load and not flusso


class Sampler:
    """Use as a context manager around the measured part; `cpu` then holds seconds by kind. Thread: its own."""

    def __init__(self, pg_url, opensearch_pid=None, others=()):
        self.pg_url, self.opensearch_pid, self.others = pg_url, opensearch_pid, dict(others)
        self.cpu = defaultdict(float)
        self._first, self._last, self._kind = {}, {}, {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self.connection = psycopg2.connect(self.pg_url, application_name="bench-sampler")
        self.connection.autocommit = True
        self._sample(opening=True)
        self.begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begun
        self._stop.set()
        self._thread.join()
        self._sample()
        self.connection.close()
        for pid, kind in self._kind.items():
            self.cpu[kind] += self._last[pid] - self._first[pid]

    def _loop(self):
        while not self._stop.wait(0.2):
            self._sample()

    def _sample(self, opening=False):
        kinds = {pid: name for name, pid in self.others.items()}
        if self.opensearch_pid:
            kinds[self.opensearch_pid] = "opensearch"
        with self.connection.cursor() as cursor:
            cursor.execute("select pid, backend_type, application_name from pg_stat_activity")
            for pid, backend, application in cursor.fetchall():
                if backend == "walsender":
                    kinds[pid] = "walsender"
                elif backend == "client backend":
                    kinds[pid] = {LOAD: "load backends", "bench-sampler": "sampler"}.get(application, "flusso's backends")
                else:
                    kinds[pid] = "other postgres"
        for pid, kind in kinds.items():
            used = cpu_seconds(pid)
            # A process that was born while we measured counts from zero.
            self._first.setdefault(pid, used if opening else 0.0)
            self._last[pid] = max(used, self._last.get(pid, 0.0))
            self._kind[pid] = kind

    def report(self):
        return {kind: round(seconds, 2) for kind, seconds in sorted(self.cpu.items()) if kind != "sampler"}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"
