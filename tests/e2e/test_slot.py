"""The slot and its one writer: a lost slot is refused or cured, an idle or foreign workload lets it advance, a standby
takes over, a blackhole and a locked table bind nobody else.
"""

import time

from harness.load import Load
from harness.proxy import Proxy
from harness.wait import until
from test_bad_input import refused


def followed(case, size=1, **options):
    demo = case.demo(size, **options)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    return demo, flusso


def change(demo, text):
    demo.database.sql("update users set full_name = %s, deleted = false where id <= 3", text)


def generations(demo):
    return {name: demo.opensearch.generation(name) for name in demo.active()}


def cured(demo, before):
    """The refused deployment starts with the cure of the sentence, and every index is a new generation and exact."""
    flusso = demo.start("--on-slot-lost", "reseed")
    until(lambda: flusso.check_running() or all(now != before[name] for name, now in generations(demo).items()),
          "every index built anew", 60)
    demo.settle_and_compare(flusso)
    flusso.stop()
    after = generations(demo)
    flusso = demo.start()  # and is not lost again
    demo.settle_and_compare(flusso)
    assert generations(demo) == after
    return flusso


def test_a_slot_that_was_dropped_made_anew_or_moved_is_refused_with_the_cure_and_cured(case):
    demo, flusso = followed(case)
    for touch, says in (
        ("select pg_drop_replication_slot(%s)", "does not exist any more"),
        ("select pg_replication_slot_advance(%s, pg_current_wal_lsn())", "stands at [0-9A-F]+/[0-9A-F]+, past"),
        (None, "made anew"),
    ):
        flusso.stop()
        change(demo, "missed")
        before, had = generations(demo), demo.database.confirmed(demo.slot)
        if touch:
            demo.database.sql(touch, demo.slot)
        else:
            demo.database.drop_slot(demo.slot)
            demo.database.sql("select pg_create_logical_replication_slot(%s, 'pgoutput')", demo.slot)
        moved = demo.database.confirmed(demo.slot)
        refused(demo.start(), says, "--on-slot-lost reseed", demo.slot)
        assert demo.database.confirmed(demo.slot) == moved, "nothing is confirmed, nothing is made"
        assert generations(demo) == before
        flusso = cured(demo, before)
        case.note(f"{says}: {had:X} → {'gone' if moved is None else f'{moved:X}'}")


def test_a_slot_lost_while_running_ends_the_run_with_exit_code_1(case):
    demo, flusso = followed(case)
    before = generations(demo)
    demo.database.drop_slot(demo.slot)
    change(demo, "missed")
    refused(flusso, "does not exist any more", "reseed", seconds=60)
    assert demo.database.confirmed(demo.slot) is None
    cured(demo, before)


def test_a_slot_lost_while_running_is_cured_at_once_where_that_is_wanted(case):
    demo, flusso = followed(case)
    flusso.stop()
    demo.source_toml = 'on_slot_lost = "reseed"'
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    before = generations(demo)
    load = Load(case, demo.database, rate=50)
    demo.database.drop_slot(demo.slot)
    until(lambda: flusso.check_running() or all(now != before[name] for name, now in generations(demo).items()),
          "every index built anew", 90)
    load.stop()
    demo.settle_and_compare(flusso)


def test_idle_foreign_tables_and_other_databases_let_the_slot_advance(case):
    demo, flusso = followed(case)
    other = case.database()
    other.sql("create table noise (x text)")
    demo.database.sql("create table unpublished (x text)")
    for name, busy in (
        ("idle", lambda: demo.database.sql("select pg_switch_wal()")),
        ("unpublished tables", lambda: demo.database.sql("insert into unpublished select repeat('x', 1000) from generate_series(1, 3000)")),
        ("another database", lambda: other.sql("insert into noise select repeat('x', 1000) from generate_series(1, 3000)")),
    ):
        before = demo.database.confirmed(demo.slot)
        busy()
        begun = time.monotonic()
        demo.wait_confirmed(flusso, 40)
        case.note(f"{name}: {(demo.database.confirmed(demo.slot) - before) >> 10} KiB of WAL confirmed after"
                  f" {time.monotonic() - begun:.1f} s")


def test_a_heartbeat_moves_an_idle_slot(case):
    demo = case.demo(1)
    demo.source_toml = "heartbeat_secs = 1"
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    for _ in range(2):
        before = demo.database.confirmed(demo.slot)
        until(lambda: flusso.check_running() or demo.database.confirmed(demo.slot) > before, "the slot moved", 20)


def test_a_standby_takes_over_within_five_seconds(case):
    demo, leader = followed(case)
    standby = demo.start()
    standby.wait_log("standing by", 20)
    for round_number in range(3):
        change(demo, f"before {round_number}")
        demo.wait_confirmed(leader)
        assert standby.log().count("standing by") <= 2, "said once, then every minute"
        leader.kill9()
        killed = time.monotonic()
        standby.wait_log("streaming", 30)
        until(lambda: standby.check_running() or demo.database.slot_active(demo.slot), "the standby leads", 30, every=0.01)
        took = time.monotonic() - killed
        change(demo, f"after {round_number}")
        demo.settle_and_compare(standby)
        case.note(f"takeover after kill -9: {took:.2f} s")
        assert took <= 5, f"the takeover took {took:.2f} s"
        leader, standby = standby, demo.start()
        standby.wait_log("standing by", 20)
    standby.stop()
    leader.stop()


def test_a_leader_whose_lock_is_gone_stops_and_competes_anew(case):
    demo, leader = followed(case)
    standby = demo.start()
    standby.wait_log("standing by", 20)
    demo.database.sql("select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid) where"
                      " l.locktype = 'advisory' and l.granted and a.application_name = %s", f"flusso:{demo.slot}:lock")
    standby.wait_log("streaming", 30)
    leader.wait_log("standing by", 30)
    change(demo, "by the other")
    demo.settle_and_compare(standby)
    leader.check_running()


def test_a_network_that_swallows_everything_is_noticed_and_survived(case):
    demo = case.demo(1)
    proxy = case.own(Proxy(demo.database.url), "close")
    demo.connection_url = proxy.url
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    proxy.swallow()
    begun = time.monotonic()
    change(demo, "while nothing gets through")
    flusso.wait_log("interrupted|has not answered|was lost", 60)
    case.note(f"noticed after {time.monotonic() - begun:.1f} s")
    assert time.monotonic() - begun < 20
    proxy.forward()
    demo.settle_and_compare(flusso, 90)
    case.note(f"exact again {time.monotonic() - begun:.1f} s after the cut")


def test_a_locked_table_holds_up_only_its_own_index(case):
    demo, flusso = followed(case, size=3)
    with demo.database.transaction() as cursor:
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
        cursor.execute("lock table reviews in access exclusive mode")
        demo.database.sql("update products set name = 'behind the lock'")
        slowest = 0
        for round_number in range(20):
            begun = time.monotonic()
            change(demo, f"round {round_number}")
            demo.wait_document(flusso, "users", 1, lambda d: d and d["fullName"] == f"round {round_number}", 60)
            slowest = max(slowest, time.monotonic() - begun)
            demo.database.sql("update products set name = %s where id <= 50", f"behind the lock {round_number}")
        flusso.wait_log(rf"process {pid} .*locks table", 30)
    case.note(f"another index was delayed by {slowest:.1f} s at most")
    assert slowest < 60
    demo.settle_and_compare(flusso)
