"""Commands beside `run`: preview, explain, completions, help. They read; they never write."""

import json
import re
import subprocess

from harness.opensearch import parse
from harness.postgres import unique

TREE = """
version: 1
table: '"Tree"'
primary_key: [tenant, id]
filters:
  - column: hidden
    op: eq
    value: false
fields:
  - keyword: name
  - belongs_to: parent
    table: '"Tree"'
    primary_key: [tenant, id]
    column: [tenant, parent_id]
    fields:
      - keyword: name
"""


def ended(case_or_demo, *arguments, code=0):
    """The output of a command that ends with `code`."""
    process = case_or_demo.command(*arguments)
    result = process.wait(40)
    assert result == code, f"exit code {result} instead of {code}:\n{process.output()}"
    return process


def previewed(demo, index, *arguments):
    config = demo.write()
    return ended(demo, "preview", index, "--config", config, *arguments).out()


def test_a_previewed_document_is_the_one_that_the_sink_gets(case):
    demo = case.demo(1)
    flusso = demo.start("--backfill-only")
    assert flusso.wait(120) == 0
    for index in ("users", "products", "orders"):
        documents = dict(demo.opensearch.everything(index))
        for document_id in sorted(documents, key=int)[:3]:
            assert parse(previewed(demo, index, "--id", document_id)) == documents[document_id]
        first = min(documents, key=int)
        assert parse(previewed(demo, index)) == documents[first], "without --id the first document in key order"
    pretty = previewed(demo, "users", "--pretty")
    assert pretty.count("\n") > 5 and json.loads(pretty) == json.loads(previewed(demo, "users"))


def test_a_preview_says_why_there_is_no_document(case):
    demo = case.demo(1)
    config = demo.write()
    missing = ended(demo, "preview", "users", "--id", "987654321", "--config", config, code=1).output()
    assert "no such row" in missing and "987654321" in missing
    near = ended(demo, "preview", "user", "--config", config, code=1).output()
    assert "did you mean `users`" in near
    demo.database.sql("update users set deleted = true where id = 1")
    assert "soft delete" in ended(demo, "preview", "users", "--id", "1", "--config", config, code=1).output()


def tree(case):
    database = case.database()
    database.sql('create table "Tree" (tenant int, id text, name text, parent_id text, hidden bool not null default false, '
                 'primary key (tenant, id))')
    database.sql("""insert into "Tree" values (1, 'a:b', 'root', null, false), (1, 'c', 'child', 'a:b', false), (1, 'd', 'away', 'a:b', true)""")
    return case.deployment(database, indexes={"tree": TREE}, queries={})


def test_keys_are_given_as_id_or_as_json_parts(case):
    made = tree(case)
    wanted = {"name": "child", "parent": {"name": "root"}}
    assert json.loads(previewed(made, "tree", "--id", "1:c")) == wanted
    assert json.loads(previewed(made, "tree", "--id", '[1, "c"]')) == wanted
    assert json.loads(previewed(made, "tree", "--id", "1:a%3Ab")) == {"name": "root", "parent": None}
    config = made.write()
    assert "the JSON array [<tenant>, <id>]" in ended(made, "preview", "tree", "--id", "c", "--config", config, code=1).output()
    assert "filters" in ended(made, "preview", "tree", "--id", "1:d", "--config", config, code=1).output()


def test_explain_names_every_document_that_a_row_is_part_of(case):
    made = tree(case)
    config = made.write()
    text = ended(made, "explain", '"Tree"', '[1,"a:b"]', "--config", config).out()
    assert "the row is the document's own" in text and "1:a%3Ab" in text
    below = text.split("through parent")[1]
    assert re.search(r"→ 2 documents: 1:c, 1:d|→ 2 documents: 1:d, 1:c", below), text
    assert 'FROM "public"."Tree"' in below


def test_explain_follows_a_grandchild_up_to_its_documents(case):
    demo = case.demo(1)
    config = demo.write()
    (item, order, user), = demo.database.sql(
        "select i.id, o.id, o.user_id from order_items i join orders o on o.id = i.order_id order by i.id limit 1")
    text = ended(demo, "explain", "order_items", item, "--config", config).out()
    users, orders = text.split("index users")[1], text.split("index orders")[1].split("index users")[0]
    assert f"→ 1 document: {user}" in users, text
    assert f"→ 1 document: {order}" in orders, text
    gone = ended(demo, "explain", "public.users", "987654321", "--config", config).out()
    assert "no such row now" in gone and "→ 1 document: 987654321" in gone
    assert "did you mean `orders`" in ended(demo, "explain", "ordes", "1", "--config", config, code=1).output()


def test_a_role_that_may_only_read_may_look(case):
    demo = case.demo(1)
    role = unique("reader")
    demo.database.sql(f"create role {role} login password 'r3ader'")
    demo.database.sql(f"grant select on all tables in schema public to {role}")
    try:
        demo.connection_url = re.sub("//[^@]*@", f"//{role}:r3ader@", demo.database.url)
        config = demo.write()
        assert json.loads(previewed(demo, "users"))["id"] == 1
        assert "→ 1 document: 1" in ended(demo, "explain", "users", "1", "--config", config).out()
        assert demo.database.one("select count(*) from pg_replication_slots where slot_name = %s", demo.slot) == 0
    finally:
        demo.database.sql(f"drop owned by {role}")
        demo.database.sql(f"drop role {role}")


def test_every_flag_names_its_variable_in_the_help(case):
    demo = case.demo(0)
    commands = re.findall(r"^  ([a-z]+)  ", ended(demo, "--help").out(), re.M)
    assert {"run", "check", "preview", "explain", "completions"} <= set(commands), commands
    for command in commands:
        text = ended(demo, command, "--help").out()
        for flag in re.findall(r"^  (-.*(?:\n {20,}.*)*)", text, re.M):
            name = re.search(r"--([a-z-]+)", flag).group(1)
            if name != "help":
                assert f"FLUSSO_{name.upper().replace('-', '_')}" in flag, f"{command}: {flag}"


def test_completions_are_scripts_that_their_shells_accept(case):
    demo = case.demo(0)
    for shell, needed in (("bash", "--skip-backfill"), ("zsh", "--skip-backfill"), ("fish", "-l skip-backfill")):
        text = demo.command("completions", shell)
        assert text.wait(20) == 0
        script = text.out()
        assert needed in script
        if shell == "bash":
            question = script + "\nCOMP_WORDS=(flusso run --sk); COMP_CWORD=2; _flusso; echo \"${COMPREPLY[@]}\""
            answer = subprocess.run(["bash", "--norc", "-c", question], capture_output=True, text=True, check=True)
            assert answer.stdout.strip() == "--skip-backfill", answer
            chosen = script + "\nCOMP_WORDS=(flusso completions z); COMP_CWORD=2; _flusso; echo \"${COMPREPLY[@]}\""
            assert subprocess.run(["bash", "--norc", "-c", chosen], capture_output=True, text=True, check=True).stdout.strip() == "zsh"
