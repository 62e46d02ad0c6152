"""The public surface: health and readiness through the life of a process, the status at every turn, addresses that cannot
be had, what is refused, and that no secret shows.
"""

import re
import socket
import time

from harness.load import Load
from harness.wait import until
from test_bad_input import refused
from test_ddl import deployed, wait_generation
from test_seed import flat

DOCUMENTED = ["phase", "uptime_seconds", "indexes", "changes_captured", "changes_committed", "changes_in_flight", "documents_built",
              "documents_quarantined", "batches", "last_flush_micros", "slot_lag_bytes", "errors", "last_error"]


def states(status):
    return set(status["indexes"].values())


def wait_live(flusso, seconds=60):
    return flusso.wait_status(lambda status: status["phase"] == "live", "live", seconds)


def idle(status):
    return status["changes_in_flight"] == 0 == status["documents_in_flight"]


def can_listen(address):
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            return False
        probe.listen()
        return True


def taken_port(case):
    """IP:port of a listener that is not flusso's."""
    listener = case.own(socket.create_server(("127.0.0.1", 0)), "close")
    return f"127.0.0.1:{listener.getsockname()[1]}"


def test_health_and_readiness_through_the_life_of_a_process(case):
    demo = case.demo(1)
    with demo.database.transaction() as cursor:
        cursor.execute("select pg_current_xact_id()")  # no slot can be made before it ends
        flusso = demo.start()
        flusso.wait_log("waiting for older transactions before the slot", 30)
        status = flusso.status()
        assert list(status)[:len(DOCUMENTED)] == DOCUMENTED
        assert (status["phase"], status["role"], status["confirmed_lsn"]) == ("starting", "none", None)
        assert states(status) == {"unknown"} and status["slot_lag_bytes"] is None and status["last_error"] is None
        assert (flusso.get("/healthz").status_code, flusso.ready()) == (200, 503)
    until(lambda: flusso.check_running() or flusso.ready() == 200, "ready", 60)
    demo.settle_and_compare(flusso)
    status = wait_live(flusso)
    assert (flusso.get("/healthz").status_code, flusso.ready()) == (200, 200)
    assert flusso.get("/healthz").content == b"" == flusso.get("/readyz").content
    assert states(status) == {"seeded"} and status["role"] == "leader" and status["errors"] == 0
    assert re.fullmatch("[0-9A-F]+/[0-9A-F]+", status["confirmed_lsn"])
    address = flusso.address()
    flusso.stop()
    assert can_listen(address), f"{address} is still taken"


def test_the_status_while_seeding_and_following(case):
    rows = 150_000
    demo = flat(case, rows)
    demo.sink_options["auto_subfields"] = False
    flusso = demo.start("--lag-poll-secs", 1, workers=1)
    seeding = flusso.wait_status(lambda s: any(0 < seed["chunks_done"] < seed["chunks"] for seed in s["seeds"]), "half a seed", 60)
    assert (seeding["phase"], seeding["indexes"]) == ("backfilling", {"events": "backfilling"})
    assert flusso.ready() == 200
    assert seeding["seeds"][0]["index"] == "events" and 0 < seeding["seeds"][0]["rows_done"] < rows
    demo.settle_and_compare(flusso)
    before = wait_live(flusso)
    assert before["indexes"] == {"events": "seeded"}
    assert before["documents_built"] >= before["documents_seeded"] >= rows
    assert before["batches"] >= rows / 1000 and before["last_flush_micros"] > 0
    demo.database.sql("update events set amount = 1 where id <= 300")
    demo.database.sql("delete from events where id between 301 and 400")
    demo.wait_confirmed(flusso)
    after = flusso.wait_status(idle, "nothing in flight")
    for key, grown in {"changes_captured": 400, "changes_committed": 400, "documents_built": 400, "documents_written": 400}.items():
        assert after[key] - before[key] == grown, f"{key} grew from {before[key]} to {after[key]}"
    looked = flusso.wait_status(lambda status: status["slot"] and status["slot_lag_bytes"] == 0, "no lag")
    assert looked["slot"]["wal_status"] == "reserved" and looked["slot"]["retained_bytes"] >= 0
    demo.assert_exact()


def test_indexes_tell_the_truth_each_for_itself(case):
    demo = case.demo(1)
    demo.disabled = {"orders"}
    flusso = demo.start("--skip-backfill")
    status = wait_live(flusso)
    assert status["indexes"] == {"orders": "disabled", "products": "pending", "users": "pending"}
    flusso.stop()
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    status = wait_live(flusso)
    assert status["indexes"] == {"orders": "disabled", "products": "seeded", "users": "seeded"}


def test_a_paused_index_is_named_with_its_reason_until_it_is_back(case):
    made = deployed(case)
    flusso = made.start()
    made.settle_and_compare(flusso)
    before = made.opensearch.generation("people")
    made.database.sql("alter table people drop column money")
    status = flusso.wait_status(lambda s: s["indexes"] == {"people": "paused", "things": "seeded"} and s["phase"] == "live", "paused", 60)
    assert list(status["paused"]) == ["people"] and "money" in status["paused"]["people"]
    assert flusso.ready() == 200, "the others are kept"
    made.database.sql("alter table people add column money numeric not null default 4")
    wait_generation(made, flusso, "people", before)
    status = flusso.wait_status(lambda s: states(s) == {"seeded"}, "seeded", 60)
    assert status["paused"] == {}


def test_a_standby_is_ready_says_so_and_becomes_the_leader(case):
    demo = case.demo(1)
    leader = demo.start()
    demo.settle_and_compare(leader)
    standby = demo.start()
    standby.wait_log("standing by", 20)
    begun, looks = time.monotonic(), 0
    while time.monotonic() - begun < 3:  # over several looks at the lock: no look may show
        status = standby.status()
        assert (status["role"], status["phase"], states(status), standby.ready()) == ("standby", "waiting", {"unknown"}, 200)
        looks += 1
    case.note(f"{looks} looks, {looks / 3:.0f} per second")
    assert wait_live(leader)["role"] == "leader"
    leader.kill9()
    status = wait_live(standby, 30)
    assert status["role"] == "leader" and states(status) == {"seeded"} and status["errors"] == 0


def test_interruptions_are_counted_and_leave_nothing_in_flight(case):
    demo = case.demo(3)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    load = Load(case, demo.database, rate=200)
    for round_number in range(3):
        wait_live(flusso)
        demo.database.sql("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = %s", demo.slot)
        status = flusso.wait_status(lambda s: s["errors"] > round_number, "an error", 30)
        assert status["last_error"]
    load.stop()
    demo.settle_and_compare(flusso)
    status = flusso.wait_status(lambda s: s["phase"] == "live" and idle(s), "nothing in flight")
    case.note(f"{status['errors']} errors, {status['runs']} runs, the last: {status['last_error']}")
    assert status["runs"] == status["errors"] + 1 and status["role"] == "leader"
    assert status["changes_captured"] >= status["changes_committed"] > 0


def test_it_is_not_ready_while_postgres_is_away(case):
    spare = case.services.spare
    demo = flat_on(case, spare)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    spare.stop_postgres(immediate=False)
    status = flusso.wait_status(lambda s: s["phase"] == "waiting", "waiting", 30)
    assert status["role"] == "none" and status["errors"] >= 1 and status["last_error"]
    assert (flusso.get("/healthz").status_code, flusso.ready()) == (200, 503)
    spare.start_postgres()
    demo.database.reconnect()
    wait_live(flusso, 60)
    assert flusso.ready() == 200


def flat_on(case, services):
    from harness.postgres import Database
    from test_seed import FLAT, FLAT_QUERY
    database = case.own(Database.create(services.pg_url), "drop")
    database.sql("create table events (id bigint primary key, name text not null, amount float8)")
    return case.deployment(database, opensearch_url=services.os_url, indexes={"events": FLAT}, queries={"events": FLAT_QUERY})


def test_everything_else_is_refused_without_a_body(case):
    demo = case.demo(0)
    flusso = demo.start()
    for path in ("/", "/metrics", "/indexes", "/reindex", "/status/", "/healthz/..", "/%2e%2e/etc/passwd", "/flusso.toml"):
        answer = flusso.get(path)
        assert (answer.status_code, answer.content) == (404, b""), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        for path in ("/healthz", "/readyz", "/status"):
            answer = flusso.get(path, method, data=b"x" * 100_000)
            assert (answer.status_code, answer.content, answer.headers["Allow"]) == (405, b"", "GET, HEAD"), (method, path)
    assert flusso.get("/status", "HEAD").content == b""
    assert flusso.get("/healthz?verbose=1").status_code == 200


def test_an_address_that_was_named_must_be_had_and_nothing_is_made(case):
    demo = case.demo(1)
    taken = taken_port(case)
    cure = r"--public-address, FLUSSO_PUBLIC_ADDRESS or public_address under \[server\]"
    refused(demo.start("--public-address", taken), re.escape(taken), "in use", cure)
    refused(demo.start(environment={"FLUSSO_PUBLIC_ADDRESS": taken}), re.escape(taken), "in use", cure)
    refused(demo.start("--public-address", "192.0.2.1:9464"), r"192\.0\.2\.1:9464", "assign", cure)
    demo.server_toml = f'public_address = "{taken}"'
    refused(demo.start(), re.escape(taken), "in use", cure)
    assert demo.database.confirmed(demo.slot) is None and demo.opensearch.indexes() == []
    assert not demo.database.sql("select 1 from pg_publication")
    flusso = demo.start(environment={"FLUSSO_PUBLIC_ADDRESS": "127.0.0.1:0"})  # the variable wins over the file
    assert flusso.get("/healthz").status_code == 200
    flusso.stop()
    flusso = demo.start("--public-address", "[::1]:0", environment={"FLUSSO_PUBLIC_ADDRESS": taken})  # the flag over both
    assert flusso.address().startswith("[::1]:") and flusso.get("/healthz").status_code == 200


def test_the_default_address_is_done_without_when_it_is_taken(case):
    demo = case.demo(1)
    demo.server_toml = ""
    if can_listen("127.0.0.1:9464"):
        case.own(socket.create_server(("127.0.0.1", 9464)), "close")
    flusso = demo.start()
    flusso.wait_log(r"health and status are not served.*127\.0\.0\.1:9464.*in use.*--public-address", 20)
    demo.settle_and_compare(flusso)
    flusso.stop()
    job = demo.start("--backfill-only")  # as a job beside a running deployment
    assert job.wait(60) == 0


def test_no_secret_shows_in_the_status(case):
    demo = case.demo(1)
    role, password = demo.database.name[:50] + "_s", "p%40ss-w0rd%25"
    demo.database.sql(f"create role {role} login superuser password %s", "p@ss-w0rd%")
    case.stack.callback(demo.database.sql, f"drop owned by {role}; drop role {role}")
    demo.connection_url = re.sub(r"//[^@]*@", f"//{role}:{password}@", demo.database.url)
    node = demo.opensearch.url.replace("http://", "")
    demo.sinks = f'[sinks.primary]\ntype = "opensearch"\nurl = "http://flusso:in-the-url@{node}"\nnumber_of_replicas = 0\n'
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    seen = flusso.get("/status").text
    demo.database.sql(f"alter role {role} connection limit 0 nosuperuser replication")  # what is refused names the role
    demo.database.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", role)
    status = flusso.wait_status(lambda s: role in (s["last_error"] or ""), "an error of a new connection", 30)
    seen += flusso.get("/status").text
    case.note(f"last_error: {status['last_error']}")
    demo.database.sql(f"alter role {role} superuser connection limit -1")
    for secret in ("p@ss", "p%40ss", "w0rd", "in-the-url", "Zmx1c3NvOmluLXRoZS11cmw"):
        assert secret not in seen, f"{secret} is shown"
    for word in ("postgres://", "postgresql://", "http://", demo.connection_url):
        assert word not in seen, f"{word} is shown"
