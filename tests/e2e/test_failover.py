"""The primary changes: a standby is promoted with the slot, without it, or without everything that was confirmed; and flusso is
led to a standby that is none of that yet.

Each test makes a standby of the run's spare server with pg_basebackup, and reaches both through a proxy, as one name that
changes its address.
"""

import shutil

from harness.load import Load
from harness.postgres import DemoStore
from harness.proxy import Proxy
from harness.services import with_database
from harness.standby import Standby
from harness.wait import until
from test_bad_input import refused
from test_slot import change, cured, generations


class Pair:
    """A followed demo store on a primary with a standby."""

    def __init__(self, case, settings="", source_toml=""):
        self.spare = case.services.spare
        store = case.own(DemoStore(self.spare.pg_url), "close")
        self.primary = case.own(store.database(1), "drop")
        self.standby = case.own(Standby(self.spare.pg_url, settings), "close")
        case.stack.callback(self.spare.start_postgres)  # what comes before wants to tidy up there
        self.proxy = case.own(Proxy(self.primary.url), "close")
        self.demo = case.deployment(self.primary, opensearch_url=self.spare.os_url)
        self.demo.connection_url, self.demo.source_toml = self.proxy.url, source_toml
        self.flusso = self.demo.start()
        self.demo.settle_and_compare(self.flusso)

    def promote(self):
        """The standby takes the primary's place and name."""
        self.primary.reconnect()
        self.spare.stop_postgres(immediate=False)
        self.standby.promote()
        self.lead_to_standby()

    def lead_to_standby(self):
        self.demo.database = self.standby.database(self.primary.name)
        self.proxy.lead_to(self.standby.url)


def test_a_promoted_standby_without_the_slot_is_refused_with_the_cure_and_cured(case):
    pair = Pair(case)
    before = generations(pair.demo)
    change(pair.demo, "confirmed before")
    pair.demo.wait_confirmed(pair.flusso)
    change(pair.demo, "known to both servers")
    pair.standby.wait_replayed(pair.primary.position())
    pair.promote()
    change(pair.demo, "written after the promotion")
    refused(pair.flusso, rf'replication slot "{pair.demo.slot}" does not exist any more', "--on-slot-lost reseed", seconds=60)
    assert pair.demo.database.confirmed(pair.demo.slot) is None, "no slot is made"
    assert generations(pair.demo) == before
    flusso = cured(pair.demo, before)
    flusso.stop()


def test_a_promoted_standby_without_the_slot_is_cured_at_once_where_that_is_wanted(case):
    pair = Pair(case, source_toml='on_slot_lost = "reseed"')
    flusso = pair.flusso
    before = generations(pair.demo)
    pair.standby.wait_replayed(pair.primary.position())
    pair.promote()
    load = Load(case, pair.demo.database, rate=50)
    until(lambda: flusso.check_running() or all(now != before[name] for name, now in generations(pair.demo).items()),
          "every index built anew", 90)
    load.stop()
    pair.demo.settle_and_compare(flusso)
    flusso.wait_log("built anew behind its alias.*does not exist any more")
    flusso.stop()


def test_a_promoted_standby_that_lagged_behind_is_refused_and_its_lost_transactions_leave_the_indexes(case):
    pair = Pair(case)
    pair.standby.wait_replayed(pair.primary.position())
    pair.standby.cut_off()
    pair.primary.sql("insert into users (id, email, full_name) values (9001, 'lost@example.com', 'lost')")
    pair.primary.sql("delete from orders where id = 1")
    change(pair.demo, "lost")
    pair.demo.settle_and_compare(pair.flusso)
    assert pair.demo.opensearch.get("users", 9001)["fullName"] == "lost"
    before = generations(pair.demo)
    pair.promote()
    refused(pair.flusso, r"left timeline 1 at [0-9A-F]+/[0-9A-F]+, before [0-9A-F]+/[0-9A-F]+", "lagged behind was promoted",
            "--on-slot-lost reseed", seconds=60)
    assert pair.demo.opensearch.get("users", 9001), "nothing is written before somebody has decided"
    flusso = cured(pair.demo, before)
    assert pair.demo.opensearch.get("users", 9001) is None
    assert pair.demo.opensearch.get("orders", 1)
    flusso.stop()


def test_a_promoted_standby_that_has_a_copy_of_the_slot_is_followed_without_a_rebuild(case):
    """As tools for high availability did it before Postgres could: the slot's state is copied, file by file."""
    pair = Pair(case)
    before = generations(pair.demo)
    change(pair.demo, "confirmed before")
    pair.standby.wait_replayed(pair.primary.position())
    pair.primary.reconnect()
    pair.spare.stop_postgres()   # it saves the slot
    pair.standby.stop()
    copy = pair.standby.data / "pg_replslot" / pair.demo.slot
    shutil.copytree(pair.spare.pg_data / "pg_replslot" / pair.demo.slot, copy)
    owner = pair.standby.data.stat()
    for path in (copy, *copy.iterdir()):
        shutil.chown(path, owner.st_uid, owner.st_gid)
    pair.standby.start()
    pair.standby.promote()
    pair.lead_to_standby()
    change(pair.demo, "written after the promotion")
    pair.demo.settle_and_compare(pair.flusso)
    pair.flusso.wait_log("a standby was promoted.*from=1 to=2")
    assert generations(pair.demo) == before, "nothing was built anew"
    pair.flusso.stop()


def test_a_failover_to_a_standby_that_synchronizes_slots_is_followed_without_a_rebuild(case):
    case.need_postgres(17, "slots that standbys synchronize")
    pair = Pair(case, settings="sync_replication_slots = on\nhot_standby_feedback = on\nprimary_slot_name = 'e2e_failover'")
    pair.primary.sql("select pg_create_physical_replication_slot('e2e_failover')")
    name = pair.primary.name
    pair.standby.one(f"alter system set primary_conninfo = '{with_database(pair.spare.pg_url, name)}'")
    pair.standby.one("select pg_reload_conf()")
    before = generations(pair.demo)
    change(pair.demo, "confirmed before")
    pair.demo.wait_confirmed(pair.flusso)
    confirmed = pair.primary.confirmed(pair.demo.slot)
    there = pair.standby.database(name)
    until(lambda: (there.confirmed(pair.demo.slot) or 0) >= confirmed, "the slot synchronized", 60)
    there.reconnect()
    pair.promote()
    change(pair.demo, "written after the promotion")
    pair.demo.settle_and_compare(pair.flusso)
    pair.flusso.wait_log("a standby was promoted.*from=1 to=2")
    assert generations(pair.demo) == before, "nothing was built anew"


def test_a_standby_is_refused_at_a_first_start_and_waited_for_by_a_process_that_has_worked(case):
    pair = Pair(case)
    pair.standby.wait_replayed(pair.primary.position())
    pair.flusso.stop()
    pair.demo.connection_url = pair.standby.database(pair.primary.name).url
    refused(pair.demo.start(), rf"127\.0\.0\.1:{pair.standby.port}/{pair.primary.name} is a standby", "connection_url",
            "target_session_attrs=read-write")

    pair.demo.connection_url = pair.proxy.url
    flusso = pair.demo.start()
    change(pair.demo, "after the mistake")
    pair.demo.settle_and_compare(flusso)
    pair.proxy.lead_to(pair.standby.url)
    end_connections(pair)
    change(pair.demo, "while led to the standby")
    flusso.wait_log(r"supervisor: interrupted.*is a standby.*code=pg\.in_recovery")
    until(lambda: flusso.check_running() or flusso.log().count("is a standby") > 1, "another attempt", 30)
    assert pair.standby.one("select count(*) from pg_replication_slots") == 0
    pair.proxy.lead_to(pair.primary.url)
    pair.demo.settle_and_compare(flusso)
    flusso.stop()


def test_with_target_session_attrs_the_standby_among_several_servers_is_passed_over_until_it_is_promoted(case):
    pair = Pair(case)
    pair.flusso.stop()
    primary = pair.spare.pg_url.rpartition("@")[2].partition("/")[0]
    pair.demo.connection_url = (f"postgresql://postgres:postgres@127.0.0.1:{pair.standby.port},{primary}/{pair.primary.name}"
                                "?target_session_attrs=read-write")
    pair.demo.source_toml = 'on_slot_lost = "reseed"'
    flusso = pair.demo.start()
    change(pair.demo, "on the primary")
    pair.demo.settle_and_compare(flusso)
    before = generations(pair.demo)
    pair.standby.wait_replayed(pair.primary.position())
    pair.promote()
    until(lambda: flusso.check_running() or all(now != before[name] for name, now in generations(pair.demo).items()),
          "every index built anew", 90)
    change(pair.demo, "on the promoted one")
    pair.demo.settle_and_compare(flusso)
    flusso.stop()


def end_connections(pair):
    ended = pair.primary.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and application_name like %s",
                             pair.primary.name, "flusso:%")
    assert ended, "flusso had no connection"
