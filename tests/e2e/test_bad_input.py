"""What a user can get wrong: each time one clear sentence that names the thing and the cure, exit code 1 (2 for usage), no
stack trace, no secret, and nothing left behind that a rerun after the fix cannot continue.
"""

import re

import psycopg2
import psycopg2.extras

from harness.deployment import toml
from harness.wait import until

CRASH = re.compile(r"terminate called|what\(\):|backtrace|core dumped|segmentation|assertion|std::|AddressSanitizer|0x[0-9a-f]{8,}", re.I)


def refused(process, *mentions, code=1, seconds=40):
    """The process ends by itself with `code`, and its last words mention every pattern and show no crash."""
    ended = process.wait(seconds)
    text = process.output()
    assert ended == code, f"exit code {ended} instead of {code}:\n{text}"
    assert not CRASH.search(text), f"looks like a crash: {CRASH.search(text).group(0)!r} in\n{text}"
    last = text.splitlines()[1:][-12:]
    for mention in mentions:
        assert re.search(mention, "\n".join(last), re.I), f"nothing about /{mention}/ in:\n" + "\n".join(last)
    assert max(len(line) for line in last) < 800, "a sentence, not a dump"
    return text


def works_now(demo):
    """The rerun after the fix seeds and is exact."""
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()


def alone(demo, name):
    """Only this index is enabled: beside others that can run it would be paused instead."""
    demo.disabled = set(demo.indexes) - {name}


def test_a_missing_table_is_named(case):
    demo = case.demo(1)
    alone(demo, "products")
    demo.database.sql("alter table reviews rename to reviews_away")
    refused(demo.start(), "reviews", "not exist|missing|no table")
    demo.database.sql("alter table reviews_away rename to reviews")
    works_now(demo)


def test_a_missing_column_is_named(case):
    demo = case.demo(1)
    alone(demo, "users")
    demo.database.sql("alter table addresses rename column zip to zip_away")
    refused(demo.start(), "addresses", "zip")
    demo.database.sql("alter table addresses rename column zip_away to zip")
    works_now(demo)


def test_an_unreachable_postgres_is_named(case):
    demo = case.demo(1)
    demo.connection_url = "postgresql://postgres:hush-hush@127.0.0.1:1/shop"
    text = refused(demo.start(), r"127\.0\.0\.1", r"\b1\b", "refused|reach|connect")
    assert "hush-hush" not in text
    demo.connection_url = demo.database.url
    works_now(demo)


def test_a_wrong_password_is_told_apart_and_never_printed(case):
    demo = case.demo(1)
    user, host = re.match(r"postgres\w*://([^:]+):[^@]*@(.*)", demo.database.url).groups()
    demo.connection_url = f"postgresql://{user}:wr0ng-secret@{host}"
    text = refused(demo.start(environment={"RUST_LOG": "debug"}), "password|authentication", user)
    assert "wr0ng-secret" not in text
    demo.connection_url = demo.database.url
    works_now(demo)


def test_a_database_that_does_not_exist_is_named(case):
    demo = case.demo(1)
    demo.connection_url = demo.database.url + "_nowhere"
    refused(demo.start(), demo.database.name + "_nowhere", "not exist")


def test_an_unreachable_opensearch_is_named(case):
    """Whether it waits or ends is its choice at start; it must say which server it cannot reach."""
    demo = case.demo(1)
    demo.sinks = '[sinks.primary]\ntype = "opensearch"\nurl = "http://127.0.0.1:1"\npassword = "hush-hush"\nusername = "u"\n'
    flusso = demo.start()
    until(lambda: "127.0.0.1:1" in flusso.log(), "the address in the log", 40)
    assert flusso.running or flusso.exit_code == 1
    assert "hush-hush" not in flusso.output() and not CRASH.search(flusso.log())
    flusso.close()
    demo.sinks = None
    works_now(demo)


def test_a_slot_that_somebody_else_uses_is_named(case):
    demo = case.demo(1)
    demo.database.sql("create publication other for table tags")
    demo.database.sql("select pg_create_logical_replication_slot(%s, 'pgoutput')", demo.slot)
    holder = psycopg2.connect(demo.database.url, connection_factory=psycopg2.extras.LogicalReplicationConnection)
    cursor = holder.cursor()
    cursor.start_replication(demo.slot, options={"proto_version": "1", "publication_names": "other"}, decode=False)
    until(lambda: demo.database.slot_active(demo.slot), "the slot in use", 10)
    refused(demo.start(), demo.slot, "use|active|held", seconds=90)
    holder.close()
    until(lambda: not demo.database.slot_active(demo.slot), "the slot free", 30)
    works_now(demo)


def test_a_slot_of_another_plugin_is_named(case):
    demo = case.demo(1)
    demo.database.sql("select pg_create_logical_replication_slot(%s, 'test_decoding')", demo.slot)
    refused(demo.start(), demo.slot, "test_decoding", "pgoutput")
    demo.database.drop_slot(demo.slot)
    works_now(demo)


def test_a_wal_level_below_logical_is_named(case):
    private = case.private(opensearch=False)
    from harness.postgres import DemoStore

    store = case.own(DemoStore(private.pg_url), "close")
    database = case.own(store.database(1), "drop")
    demo = case.deployment(database)
    database.sql("alter system set wal_level = 'replica'")
    private.stop_postgres()
    private.start_postgres()
    database.reconnect()
    refused(demo.start(), "wal_level", "logical")
    database.sql("alter system reset wal_level")
    private.stop_postgres()
    private.start_postgres()
    database.reconnect()
    works_now(demo)


def test_a_replica_identity_without_the_root_key_is_named(case):
    demo = case.demo(1)
    alone(demo, "users")
    demo.database.sql("create unique index users_email on users (email)")
    demo.database.sql("alter table users replica identity using index users_email")
    refused(demo.start(), "users", "replica identity", r"\bid\b", "alter table")
    demo.database.sql("alter table users replica identity nothing")
    refused(demo.start(), "users", "replica identity")
    demo.database.sql("alter table users replica identity default")
    works_now(demo)


def test_a_root_table_without_any_key_is_named(case):
    demo = case.demo(1)
    demo.database.sql("create table plain as select * from tags")
    demo.indexes = {"plain": "version: 1\ntable: plain\nprimary_key: id\nfields:\n  - long: id\n"}
    demo.queries = {"plain": "select id::text, json_build_object('id', id)::text from plain"}
    refused(demo.start(), "plain", "replica identity|primary key|unique")
    demo.database.sql("alter table plain add primary key (id)")
    works_now(demo)


def test_a_role_that_may_not_replicate_is_named(case):
    demo = case.demo(1)
    role = demo.database.name[:50] + "_r"
    demo.database.sql(f"create role {role} login password 'pw' in role pg_read_all_data")
    case.stack.callback(demo.database.sql, f"drop owned by {role}; drop role {role}")
    demo.connection_url = re.sub(r"//[^@]*@", f"//{role}:pw@", demo.database.url)
    refused(demo.start(), role, "replication")
    demo.connection_url = demo.database.url
    works_now(demo)


def test_an_unset_environment_variable_is_named(case):
    demo = case.demo(1)
    config = demo.write()
    good = config.read_text()
    config.write_text(good.replace(f"connection_url = {toml(demo.database.url)}", 'connection_url = { env = "SHOP_DATABASE" }'))
    arguments = ("run", "--config", config, "--slot", demo.slot, "--publication", demo.publication)
    refused(demo.command(*arguments), "SHOP_DATABASE", "not set|unset")
    flusso = demo.command(*arguments, environment={"SHOP_DATABASE": demo.database.url})
    demo.settle_and_compare(flusso)


def test_an_unset_sink_password_is_named(case):
    demo = case.demo(1)
    demo.sinks = (f'[sinks.primary]\ntype = "opensearch"\nurl = "{demo.opensearch.url}"\nusername = "u"\n'
                  'password = { env = "OS_PASSWORD" }\n')
    refused(demo.start(), "OS_PASSWORD", "not set|unset")
    flusso = demo.start(environment={"OS_PASSWORD": "s3cr3t-pass", "RUST_LOG": "debug"})
    demo.settle_and_compare(flusso)
    assert "s3cr3t-pass" not in flusso.output()


def test_an_unknown_key_in_the_toml_is_shown_with_its_place(case):
    demo = case.demo(1)
    demo.sink_options["batchsize"] = 10
    line = next(number for number, text in enumerate(demo.write().read_text().splitlines(), 1) if text.startswith("batchsize"))
    refused(demo.start(), "batchsize", rf"flusso\.toml:{line}:\d+", "batch_size")
    refused(demo.command("check", "--offline", "--config", demo.folder / "flusso.toml"), "batchsize", rf"flusso\.toml:{line}:\d+")
    del demo.sink_options["batchsize"]
    works_now(demo)


def test_an_unknown_key_in_a_schema_is_shown_with_its_place(case):
    demo = case.demo(1)
    good = demo.indexes["users"].read_text()
    bad = good.replace("    foreign_key: user_id", "    foreign_kye: user_id", 1)
    line = bad.splitlines().index("    foreign_kye: user_id") + 1
    demo.indexes["users"] = bad
    refused(demo.start(), "foreign_kye", rf"users\.schema\.yml:{line}:\d+")
    demo.indexes["users"] = good
    works_now(demo)


def test_broken_toml_and_yaml_are_shown_with_their_place(case):
    demo = case.demo(0)
    demo.extra_toml = "on_error = = 3"
    refused(demo.start(), r"flusso\.toml:1:\d+")
    demo.extra_toml = ""
    demo.indexes["users"] = "version: 1\ntable: users\nfields: [ {long: id\n"
    refused(demo.start(), r"users\.schema\.yml:\d+:\d+")


def test_a_bad_value_names_what_is_allowed(case):
    demo = case.demo(0)
    demo.extra_toml = 'on_error = "explode"'
    refused(demo.start(), "on_error", "explode", "stop", "skip")
    demo.extra_toml = ""
    demo.prefix = "Bad Prefix_"
    refused(demo.start(), "prefix")


def test_a_missing_file_is_named(case):
    demo = case.demo(0)
    refused(demo.command("run", "--config", "/nowhere/flusso.toml"), "/nowhere/flusso.toml")
    config = demo.write()
    (demo.folder / "orders.schema.yml").unlink()
    refused(demo.command("run", "--config", config), r"orders\.schema\.yml")


def test_usage_errors_end_with_two(case):
    demo = case.demo(0)
    config = demo.write()
    refused(demo.command(), code=2)
    refused(demo.command("fly"), "fly", code=2)
    refused(demo.command("run", "--config", config, "--no-such-flag"), "no-such-flag", code=2)
    refused(demo.command("run", "--config", config, "--workers", "many"), "workers", code=2)
    refused(demo.command("run", "--config", config, "--workers", "0"), "workers", code=2)
    refused(demo.command("run", "--config", config, "--skip-backfill", "--backfill-only"), "backfill", code=2)
    refused(demo.command("run", "--config", config, "--slot", "Bad-Slot!"), "slot", code=2)


def test_check_offline_needs_no_service_and_no_secret(case):
    demo = case.demo(0)
    config = demo.write()
    text = config.read_text().replace(f"connection_url = {toml(demo.database.url)}", 'connection_url = { env = "SHOP_DATABASE" }')
    config.write_text(text.replace(demo.opensearch.url, "http://127.0.0.1:1"))
    check = demo.command("check", "--offline", "--config", config)
    assert check.wait(20) == 0, check.output()
    out = check.out()
    for word in ("users", "products", "orders", "lifetimeValue", "nested", "SHOP_DATABASE"):
        assert word in out, f"{word} is not in the output of check --offline:\n{out}"
    again = demo.command("check", "--offline", "--config", config)
    assert again.wait(20) == 0 and again.out() == out


def test_help_and_version_end_with_zero(case):
    demo = case.demo(0)
    for arguments in (("--help",), ("run", "--help"), ("check", "--help"), ("--version",)):
        shown = demo.command(*arguments)
        assert shown.wait(10) == 0 and shown.out().strip(), f"{arguments}: {shown.output()}"
    text = demo.command("run", "--help")
    text.wait(10)
    for flag in ("--config", "--slot", "--publication", "--workers", "--skip-backfill", "--backfill-only"):
        assert flag in text.out(), flag


def test_secrets_never_appear_in_what_flusso_prints(case):
    demo = case.demo(1)
    role, password = demo.database.name[:50] + "_s", "p%40ss:w/rd?%25"
    demo.database.sql(f"create role {role} login superuser password %s", "p@ss:w/rd?%")
    case.stack.callback(demo.database.sql, f"drop owned by {role}; drop role {role}")
    demo.connection_url = re.sub(r"//[^@]*@", f"//{role}:{password.replace('/', '%2F').replace('?', '%3F').replace(':', '%3A')}@",
                                 demo.database.url)
    demo.sinks = (f'[sinks.primary]\ntype = "opensearch"\nurl = "{demo.opensearch.url}"\nnumber_of_replicas = 0\n'
                  'username = "flusso"\npassword = "s3cr3t-pass"\n')
    flusso = demo.start(environment={"RUST_LOG": "debug"})
    demo.settle_and_compare(flusso)
    demo.database.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", role)
    demo.settle_and_compare(flusso)
    flusso.stop()
    text = flusso.output()
    for secret in ("p@ss:w/rd", "p%40ss", "s3cr3t-pass", "Zmx1c3NvOnMzY3IzdC1wYXNz"):
        assert secret not in text, f"{secret} was printed"
