"""Services that restart, vanish or stall: flusso stays up, says what it waits for, goes on, and ends exact. And the ends of
flusso itself: SIGTERM drains, a second one aborts.

Tests that stop a service use the run's spare pair, never the shared one.
"""

import os
import signal
import time

from harness.load import Load
from harness.postgres import DemoStore
from harness.wait import until


def on_spare(case, size=3):
    """A followed demo store on services that this test may stop."""
    spare = case.services.spare
    store = case.own(DemoStore(spare.pg_url), "close")
    database = case.own(store.database(size), "drop")
    demo = case.deployment(database, opensearch_url=spare.os_url)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    return spare, demo, flusso


def test_flusso_survives_a_restart_and_a_crash_of_postgres(case):
    spare, demo, flusso = on_spare(case)
    load = Load(case, demo.database, rate=100)
    for immediate in (False, True):
        spare.stop_postgres(immediate=immediate)
        flusso.wait_log(r"(postgres|database|connection|server).*|waiting", 20)
        spare.start_postgres()
        demo.database.reconnect()
        until(lambda: flusso.check_running() or demo.database.slot_active(demo.slot), "flusso back on its slot", 90)
    load.stop()
    demo.settle_and_compare(flusso)
    flusso.stop()


def test_flusso_survives_the_end_of_its_walsender_and_of_all_its_connections(case):
    demo = case.demo(3)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    load = Load(case, demo.database, rate=200)
    for kind in ("walsender", "client backend", "walsender", "client backend"):
        ended = until(lambda: demo.database.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and backend_type = %s"
            " and pid <> pg_backend_pid()", demo.database.name, kind),
            f"a {kind} to end", 60)
        case.note(f"ended {len(ended)} × {kind}")
        until(lambda: flusso.check_running() or demo.database.slot_active(demo.slot), "flusso back on its slot", 60)
    load.stop()
    demo.settle_and_compare(flusso)


def test_flusso_waits_for_an_opensearch_that_is_down_for_a_minute(case):
    spare, demo, flusso = on_spare(case)
    load = Load(case, demo.database, rate=100)
    confirmed = demo.database.confirmed(demo.slot)
    spare.kill_opensearch()
    down = time.monotonic()
    flusso.wait_log(r"opensearch|sink|primary", 30)
    # The minute itself is the test: nothing may end it early, and flusso must live through all of it.
    until(lambda: flusso.check_running() or time.monotonic() - down > 60, "a minute", 90)
    after = demo.database.confirmed(demo.slot)
    written = demo.database.position() - after
    spare.start_opensearch()
    load.stop()
    demo.settle_and_compare(flusso)
    case.note(f"down for {time.monotonic() - down:.0f} s, {written >> 10} KiB of WAL were waiting, confirmed moved by"
              f" {(after - confirmed) >> 10} KiB meanwhile")
    flusso.stop()


def test_postgres_can_stop_while_flusso_is_connected_also_when_the_sink_is_stalled(case):
    spare, demo, flusso = on_spare(case)
    begun = time.monotonic()
    assert spare.pg_ctl_stop_fast(30), "pg_ctl stop -m fast did not finish while flusso was idle"
    idle = time.monotonic() - begun
    spare.start_postgres()
    demo.database.reconnect()
    until(lambda: flusso.check_running() or demo.database.slot_active(demo.slot), "flusso back on its slot", 90)

    node = spare.opensearch_pid()
    os.kill(node, signal.SIGSTOP)
    try:
        demo.database.sql("update users set full_name = 'while the sink is stalled'")
        until(lambda: flusso.check_running() or demo.database.one(
            "select bool_or(sent_lsn >= pg_current_wal_lsn()) from pg_stat_replication"), "the change sent", 30)
        begun = time.monotonic()
        assert spare.pg_ctl_stop_fast(60), "pg_ctl stop -m fast did not finish while the sink was stalled"
        case.note(f"the server ended after {idle:.1f} s idle and {time.monotonic() - begun:.1f} s with a stalled sink")
    finally:
        os.kill(node, signal.SIGCONT)
    spare.start_postgres()
    demo.database.reconnect()
    demo.settle_and_compare(flusso)


def test_sigterm_under_load_ends_with_zero_and_everything_sent_is_confirmed(case):
    demo = case.demo(10)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    load = Load(case, demo.database, rate=300, writers=3)
    reached = demo.database.position() + 300_000
    demo.wait_confirmed(flusso, position=reached)
    begun = time.monotonic()
    flusso.stop(30)
    case.note(f"ended after {time.monotonic() - begun:.2f} s")
    load.stop()
    confirmed = demo.database.confirmed(demo.slot)
    assert confirmed >= reached
    # What was sent is confirmed: the next run repeats nothing that was already written before the stop.
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()


def test_sigterm_while_seeding_ends_with_zero_and_the_next_run_completes(case):
    demo = case.demo(100)
    flusso = demo.start()
    until(lambda: flusso.check_running() or demo.opensearch.indexes(), "the first index", 30, every=0.005)
    flusso.stop(30)
    assert not demo.opensearch.seeded("users") or not demo.opensearch.seeded("orders"), "the seed was over before the signal"
    flusso = demo.start()
    demo.settle_and_compare(flusso)


def test_a_second_signal_aborts_a_drain_that_cannot_finish(case):
    spare, demo, flusso = on_spare(case)
    node = spare.opensearch_pid()
    os.kill(node, signal.SIGSTOP)
    try:
        demo.database.sql("update users set full_name = 'cannot be written now'")
        until(lambda: flusso.check_running() or demo.database.one(
            "select bool_or(sent_lsn >= pg_current_wal_lsn()) from pg_stat_replication"), "the change sent", 30)
        confirmed = demo.database.confirmed(demo.slot)
        flusso.send(signal.SIGTERM)
        flusso.wait_log(r"drain|stopping|shut", 10)
        flusso.check_running()
        flusso.send(signal.SIGTERM)
        code = flusso.wait(5)
        assert code != 0, "an aborted drain must not look like a clean end"
        assert demo.database.confirmed(demo.slot) == confirmed
    finally:
        os.kill(node, signal.SIGCONT)
    flusso = demo.start()
    demo.settle_and_compare(flusso)


def test_a_long_lock_on_a_child_table_delays_but_loses_nothing(case):
    demo = case.demo(3)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    with demo.database.transaction() as cursor:
        cursor.execute("alter table addresses alter column zip type varchar(40)")
        demo.database.sql("update users set full_name = 'behind the lock'")
        until(lambda: flusso.check_running() or demo.database.one(
            "select count(*) from pg_locks l join pg_class c on c.oid = l.relation where not granted and c.relname = 'addresses'"),
            "flusso waiting for the lock", 30)
        cursor.execute("update addresses set city = 'locked ' || city")
    demo.settle_and_compare(flusso)
