"""What a server has only so much of: WAL that it keeps for a slot, time that a slot may rest, slots, walsenders. And the line that
warns before it comes to that.
"""

import psycopg2
import psycopg2.extras

from harness.postgres import DemoStore
from harness.wait import until
from test_bad_input import refused
from test_faults import on_spare
from test_slot import change, cured, generations


def configure(case, database, **settings):
    """Settings that need no restart, for this test alone."""

    def put(statements):
        for statement in statements:
            database.sql(statement)
        database.sql("select pg_reload_conf()")

    put([f"alter system set {name} = '{value}'" for name, value in settings.items()])
    case.stack.callback(put, [f"alter system reset {name}" for name in settings])


def write_wal(database):
    """A segment of WAL, and a checkpoint, at which the server gives up what it need not keep."""
    database.sql("select pg_logical_emit_message(false, 'e2e', 'x')")
    database.sql("select pg_switch_wal()")
    database.sql("checkpoint")


def lost(demo):
    return demo.database.one("select wal_status from pg_replication_slots where slot_name = %s", demo.slot) == "lost"


def test_a_slot_whose_wal_was_given_up_is_refused_with_the_setting_and_cured(case):
    _, demo, flusso = on_spare(case, size=1)
    before = generations(demo)
    flusso.stop()
    change(demo, "missed")
    configure(case, demo.database, max_slot_wal_keep_size="16MB", min_wal_size="32MB", max_wal_size="32MB")
    until(lambda: write_wal(demo.database) or lost(demo), "the slot lost", 60)
    refused(demo.start(), "wal_status = lost", "max_slot_wal_keep_size", "--on-slot-lost reseed")
    assert generations(demo) == before
    cured(demo, before)


def test_a_slot_that_rested_for_too_long_is_refused_with_the_setting_and_cured(case):
    case.need_postgres(18, "idle_replication_slot_timeout")
    _, demo, flusso = on_spare(case, size=1)
    before = generations(demo)
    flusso.stop()
    change(demo, "missed")
    configure(case, demo.database, idle_replication_slot_timeout="1s")
    until(lambda: write_wal(demo.database) or lost(demo), "the slot lost", 90)
    refused(demo.start(), "wal_status = lost", "idle_replication_slot_timeout", "--on-slot-lost reseed")
    cured(demo, before)


def test_a_server_without_a_free_slot_or_walsender_is_waited_for_and_the_holders_are_named(case):
    spare = case.services.spare
    store = case.own(DemoStore(spare.pg_url), "close")
    demo = case.deployment(case.own(store.database(1), "drop"), opensearch_url=spare.os_url)
    demo.database.sql("select pg_create_physical_replication_slot('hog_' || n) from generate_series(1, (select"
                      " current_setting('max_replication_slots')::int - count(*) from pg_replication_slots)::int) n")
    case.stack.callback(demo.database.sql, "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                                           " where slot_name like 'hog_%'")
    flusso = demo.start()
    flusso.wait_log(r'interrupted.*all \d+ replication slots of .* are taken: \\"hog_1\\" \(not in use\).*max_replication_slots')
    demo.database.sql("select pg_drop_replication_slot('hog_1')")
    demo.settle_and_compare(flusso)
    flusso.stop()

    hogs = fill_walsenders(case, spare.pg_url)
    flusso = demo.start()
    flusso.wait_log(r"interrupted.*max_wal_senders.*walsenders are held by process \d+, hog")
    change(demo, "while no walsender is free")
    for hog in hogs:
        hog.close()
    demo.settle_and_compare(flusso)
    flusso.stop()


def fill_walsenders(case, url):
    """Connections for replication until the server has none left."""
    hogs = []
    while True:
        try:
            hogs.append(psycopg2.connect(url, application_name="hog",
                                         connection_factory=psycopg2.extras.PhysicalReplicationConnection))
        except psycopg2.OperationalError as full:
            assert "max_wal_senders" in str(full), full
            return hogs
        case.stack.callback(hogs[-1].close)


def test_wal_that_is_kept_for_the_slot_is_warned_of_and_the_position_moves_on_when_it_can(case):
    demo = case.demo(1)
    demo.source_toml = "wal_warning_mib = 2"
    demo.database.sql("create table elsewhere (text text)")
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    assert "WAL is kept" not in flusso.log()
    with demo.database.transaction() as cursor:
        cursor.execute("update users set full_name = 'not committed for long', deleted = false where id = 1")
        demo.database.sql("insert into elsewhere select repeat('x', 1000) from generate_series(1, 5000)")
        flusso.wait_log(rf"slot: WAL is kept for this slot slot={demo.slot} what=.*keeps [2-9]\d* MiB .* cure=")
    demo.settle_and_compare(flusso)
    assert demo.opensearch.get("users", 1)["fullName"] == "not committed for long"
