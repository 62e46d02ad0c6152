"""kill -9 at random moments of every phase, with writers running and the next process started at once; in the end every
document equals the source. At least 30 kills over the whole file.
"""

import json
import threading
import time

import requests

from harness.load import Load
from harness.postgres import unique
from harness.wait import until


class Killer:
    """Kills and restarts flusso of one deployment, and remembers how quickly."""

    def __init__(self, case, demo, workers=2):
        self.case, self.demo, self.workers = case, demo, workers
        self.kills, self.slowest_ms = 0, 0.0
        self.flusso = demo.start(workers=workers)

    def kill_and_restart(self):
        self.flusso.check_running()
        killed = time.monotonic()
        self.flusso.kill9()
        self.flusso = self.demo.start(workers=self.workers)
        self.slowest_ms = max(self.slowest_ms, (time.monotonic() - killed) * 1000)
        self.kills += 1

    def kill_within(self, low, high):
        """Lets it work for a random time, then kills it."""
        time.sleep(self.case.random.uniform(low, high))  # the moment is the test's subject, nothing waits for it
        self.kill_and_restart()

    def finish(self, load):
        load.stop()
        compared = self.demo.settle_and_compare(self.flusso)
        self.case.note(f"{self.kills} kills, restarted within {self.slowest_ms:.0f} ms, {sum(w.done for w in load.writers)}"
                       f" transactions, {compared} documents compared")


def all_seeded(demo):
    return all(demo.opensearch.seeded(name) for name in demo.active())


def test_twelve_kills_while_seeding_lose_nothing(case):
    kills = 0
    while kills < 12:
        demo = case.demo(100)
        load = Load(case, demo.database, rate=150)
        killer = Killer(case, demo)
        while kills + killer.kills < 12 and not all_seeded(demo):
            killer.kill_within(0.1, 1.5)
        kills += killer.kills
        killer.finish(load)
        killer.flusso.stop()


def test_twelve_kills_under_live_load_lose_nothing(case):
    demo = case.demo(10)
    load = Load(case, demo.database, rate=300, writers=3)
    killer = Killer(case, demo)
    demo.wait_seeded(killer.flusso)
    for _ in range(12):
        killer.kill_within(0.05, 2.0)
    killer.finish(load)


def test_nine_kills_around_the_promotion_lose_nothing(case):
    demo = case.demo(3)
    load = Load(case, demo.database, rate=100, writers=1)
    begun = time.monotonic()
    killer = Killer(case, demo)
    demo.wait_seeded(killer.flusso)
    usual = time.monotonic() - begun
    for round_number in range(9):
        killer.flusso.stop()
        demo.database.drop_slot(demo.slot)
        demo.opensearch.remove_all()
        begun = time.monotonic()
        killer.flusso = demo.start()
        if round_number % 2:
            moment = begun + usual * case.random.uniform(0.5, 1.1)
            until(lambda: time.monotonic() > moment, "the moment", every=0.001)
        else:
            marked = round_number % 3
            until(lambda: sum(demo.opensearch.seeded(name) for name in demo.active()) >= marked and demo.opensearch.indexes(),
                  f"{marked} indexes marked", every=0.001)
        killer.kill_and_restart()
        with load.paused():
            demo.settle_and_compare(killer.flusso)
    killer.finish(load)


def hog(stop, url, index):
    """Keeps the node's write threads busy, so that other bulks stand in its queue."""
    lines = "".join(json.dumps({"index": {}}) + "\n" + json.dumps({"text": f"word{n} " * 120}) + "\n" for n in range(1500))
    session = requests.Session()
    while not stop.is_set():
        session.post(f"{url}/{index}/_bulk", data=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=120)


def test_six_kills_while_bulks_stand_in_the_queue_of_the_server_let_no_old_write_win(case):
    demo = case.demo(30)
    demo.sink_options["batch_size"] = 250
    killer = Killer(case, demo)
    demo.settle_and_compare(killer.flusso)
    index = unique("hog")
    case.stack.callback(lambda: demo.opensearch.call("DELETE", index, expect=(200, 404)))
    hogs = [case.background(hog, demo.opensearch.url, index) for _ in range(6)]
    queued, waiting = 0, threading.Event()
    for _ in range(6):
        demo.database.sql("update orders set total = total + 1")
        until(lambda: demo.opensearch.bulk_tasks() >= 2, "bulks of flusso in the server", 60, every=0.005)
        killer.kill_and_restart()
        queued += demo.opensearch.bulk_tasks() > 0
        demo.database.sql("update orders set total = total + 1")
        waiting.wait(case.random.uniform(0, 0.3))
    for worker in hogs:
        worker.event.set()
    for worker in hogs:
        worker.stop()
    compared = demo.settle_and_compare(killer.flusso, seconds=180)
    case.note(f"{killer.kills} kills, {queued} of them with bulks of the dead process still in the server, restarted within"
              f" {killer.slowest_ms:.0f} ms, {compared} documents compared")
    assert queued, "no kill met a bulk in the server's queue"
