"""`flusso check` as people and programs meet it: exit codes, the two forms, the environment, and no secret anywhere. What it finds
in a database is the subject of tests/pg/check_test.cpp.
"""

import json
import re

from harness.deployment import toml


def checked(demo, *arguments, code=0, environment=None):
    """Runs `flusso check` over the deployment's files; what it wrote to stdout."""
    process = demo.command("check", "--config", demo.folder / "flusso.toml", "--publication", demo.publication, *arguments,
                           environment=environment)
    ended = process.wait(60)
    assert ended == code, f"exit code {ended} instead of {code}:\n{process.output()}"
    return process.out()


def test_check_passes_on_the_demo_store_and_tells_what_the_publication_lacks(case):
    demo = case.demo(1)
    demo.write()
    text = checked(demo)
    assert "(schema matches the database)" in text and "✓ check passed" in text
    assert "  ! 10 table(s) the indexes read are not yet streamed:" in text
    assert f'CREATE PUBLICATION "{demo.publication}" FOR TABLE ' in text
    assert "\x1b" not in text
    demo.database.sql(f'create publication "{demo.publication}" for all tables')
    assert "✓ source streams all 10 required table(s)" in checked(demo)


def test_check_fails_with_one_for_an_error_and_with_zero_for_a_warning(case):
    demo = case.demo(1)
    good = demo.indexes["users"].read_text()
    demo.indexes["users"] = good.replace("- keyword: phone\n    required: false", "- keyword: phone\n    required: true")
    demo.write()
    assert "[warning]" in checked(demo)
    demo.indexes["users"] = good.replace("- keyword: phone", "- integer: phone")
    demo.write()
    text = checked(demo, code=1)
    assert re.search(r"\[error\] +users\.phone +type mismatch.*\(.*users\.schema\.yml:16:14\)", text), text
    assert "[failed] schema disagrees with database" in text
    assert "schema validation failed against the database: 1 error" in demo.processes[-1].output()


def test_check_as_json_has_its_four_parts(case):
    demo = case.demo(1)
    demo.write()
    report = json.loads(checked(demo, "--format", "json"))
    assert sorted(report) == ["config", "coverage", "diagnostics", "mappings"]
    assert report["diagnostics"] == [] and report["coverage"]["satisfied"] is False
    assert report["coverage"]["will_manage"] is True and report["coverage"]["manageable"] is True
    assert [mapping["index"] for mapping in report["mappings"]] == ["orders", "products", "users"]
    users = report["mappings"][2]
    assert users["name_hash"] == f"{demo.prefix}users_{users['hash']}"
    by_variable = json.loads(checked(demo, environment={"FLUSSO_FORMAT": "json", "FLUSSO_MANAGE_PUBLICATION": "false"}))
    assert by_variable["coverage"]["will_manage"] is False
    assert [finding["severity"] for finding in by_variable["diagnostics"]] == ["warning"]
    by_flag = json.loads(checked(demo, "--format", "json", "--manage-publication", "true",
                                 environment={"FLUSSO_MANAGE_PUBLICATION": "false"}))
    assert by_flag["coverage"]["will_manage"] is True
    offline = json.loads(checked(demo, "--format", "json", "--offline"))
    assert offline["coverage"] is None and offline["diagnostics"] is None and offline["mappings"] == report["mappings"]


def test_check_as_json_reports_files_that_do_not_load(case):
    demo = case.demo(0)
    demo.indexes["users"] = "version: 1\ntable: users\nfields:\n  - intger: id\n"
    demo.write()
    report = json.loads(checked(demo, "--format", "json", code=1))
    assert report["config"] is None and report["mappings"] == []
    assert any(finding["line"] == 4 and finding["file"].endswith("users.schema.yml") and finding["severity"] == "error"
               for finding in report["diagnostics"]), report["diagnostics"]


def test_check_without_a_database_is_one_clear_error(case):
    demo = case.demo(0)
    demo.connection_url = "postgresql://postgres:hush-hush@127.0.0.1:1/shop"
    demo.write()
    checked(demo, code=1)
    text = demo.processes[-1].output()
    assert text.count("cannot reach Postgres at 127.0.0.1:1/shop") == 1 and "hush-hush" not in text
    report = json.loads(checked(demo, "--format", "json", code=1))
    assert len(report["diagnostics"]) == 1 and "127.0.0.1:1" in report["diagnostics"][0]["message"]
    assert report["coverage"] is None and len(report["mappings"]) == 3


def test_check_names_the_variable_of_a_sink_without_url(case):
    demo = case.demo(1)
    demo.sinks = '[sinks.primary]\ntype = "opensearch"\n'
    demo.write()
    assert "PRIMARY_OPENSEARCH_URL" in checked(demo, code=1)
    checked(demo, environment={"PRIMARY_OPENSEARCH_URL": "http://127.0.0.1:1"})


def test_check_prints_no_secret_in_any_form(case):
    demo = case.demo(1)
    role = demo.database.name[:50] + "_c"
    demo.database.sql(f"create role {role} login superuser password %s", "hunter2:@/")
    case.stack.callback(demo.database.sql, f"drop owned by {role}; drop role {role}")
    host, rest = re.match(r"postgres\w*://[^@]*@([^/]*)/(.*)", demo.database.url).groups()
    address, port = (host.split(":") + ["5432"])[:2]
    parts = f'{{ host = "{address}", port = {port}, user = "{role}", password = "hunter2:@/", database = "{rest}" }}'
    spellings = {
        "url": toml(f"postgresql://{role}:hunter2%3A%40%2F@{host}/{rest}"),
        "query": toml(f"postgresql://{host}/{rest}?user={role}&password=hunter2%3A%40%2F"),
        "parts": parts,
        "wrong": toml(f"postgresql://{role}:hunter2-wrong@{host}/{rest}"),
        "raw @": toml(f"postgresql://{role}:hunter2:@/@{host}/{rest}"),
        "raw /": toml(f"postgresql://{role}:hun/hunter2@{host}/{rest}"),
    }
    for name, spelling in spellings.items():
        demo.sinks = ('[sinks.primary]\ntype = "opensearch"\nurl = "http://u:hunter2@127.0.0.1:1/?key=hunter2"\n'
                      'username = "u"\npassword = "hunter2"\n')
        config = demo.write()
        config.write_text(config.read_text().replace(f"connection_url = {toml(demo.connection_url)}",
                                                     f"connection_url = {spelling}"))
        for form in ("human", "json"):
            process = demo.command("check", "--config", config, "--format", form, environment={"RUST_LOG": "debug"})
            ended = process.wait(60)
            assert "hunter2" not in process.output(), f"{name}, {form}:\n{process.output()}"
            assert ended == (0 if name in ("url", "query", "parts") else 1), f"{name}, {form}: {ended}\n{process.output()}"


def test_check_help_shows_every_flag_with_its_variable(case):
    demo = case.demo(0)
    shown = demo.command("check", "--help")
    assert shown.wait(10) == 0
    for name in ("CONFIG", "OFFLINE", "PUBLICATION", "MANAGE_PUBLICATION", "FORMAT"):
        assert f"FLUSSO_{name}" in shown.out(), name
    wrong = demo.command("check", "--format", "xml")
    assert wrong.wait(10) == 2
