"""DDL while flusso runs and while it is stopped: harmless changes leave everything alone, changes that row events do not
tell build an index anew, and an index whose table or column is gone pauses alone and resumes by itself.
"""

from harness import oracle
from harness.wait import until

PEOPLE = """
version: 1
table: people
primary_key: id
fields:
  - long: id
  - keyword: name
  - decimal: money
  - has_many: pets
    table: pets
    primary_key: id
    foreign_key: owner
    fields:
      - long: id
      - keyword: name
"""
THINGS = """
version: 1
table: things
primary_key: id
fields:
  - long: id
  - keyword: name
"""
TRUTH = {
    "people": """select p.id::text, json_build_object('id', p.id, 'name', p.name, 'money', p.money, 'pets',
  coalesce((select json_agg(json_build_object('id', t.id, 'name', t.name) order by t.id) from pets t where t.owner = p.id), '[]'))::text
  from people p""",
    "things": "select id::text, json_build_object('id', id, 'name', name)::text from things",
}
TABLES = """
create table people (id bigint primary key, name text, money numeric not null, note text);
create table pets (id bigint primary key, owner bigint not null, name text);
create unique index pets_owner on pets (owner, id); alter table pets replica identity using index pets_owner;
create table things (id bigint primary key, name text);
insert into people select g, 'p' || g, g, 'n' from generate_series(1, 50) g;
insert into pets select g, g % 50 + 1, 'x' || g from generate_series(1, 120) g;
insert into things select g, 't' || g from generate_series(1, 40) g
"""


def deployed(case, tables=TABLES):
    database = case.database()
    database.sql(tables)
    return case.deployment(database, indexes={"people": PEOPLE, "things": THINGS}, queries=TRUTH)


def following(case):
    made = deployed(case)
    flusso = made.start()
    made.settle_and_compare(flusso)
    return made, flusso


def exact(made, *names):
    wrong = [oracle.compare(made.opensearch, name, made.database.url, TRUTH[name]) for name in names]
    assert not any(wrong), "\n".join(one.text() for one in wrong if one)


def wait_generation(made, flusso, name, before):
    """Waits until the index has been built anew, and compares everything."""

    def look():
        flusso.check_running()
        return made.opensearch.generation(name) not in (before, None)

    until(look, f"another generation than {before}", 60)
    made.wait_settled(flusso)
    made.assert_exact()


def rebuilt(made, flusso, *statements, name="people", other="things"):
    """The statements build one index anew and leave the other alone."""
    before, kept = made.opensearch.generation(name), made.opensearch.generation(other)
    for statement in statements:
        made.database.sql(statement)
    wait_generation(made, flusso, name, before)
    assert made.opensearch.generation(other) == kept


def seen_by_the_watch(made, flusso):
    """Waits until the catalog has been looked at after now: its record is rewritten whenever anything differs."""
    mark = f"mark_{made.database.one('select pg_current_xact_id()')}"
    made.database.sql(f"alter table things add column {mark} int")
    until(lambda: flusso.check_running() or mark in str(made.opensearch.meta(f"catalog:{made.slot}")), "a look at the catalog", 30)


def test_harmless_ddl_changes_nothing(case):
    made, flusso = following(case)
    generations = [made.opensearch.generation(name) for name in TRUTH]
    for statement in ("alter table people add column extra int default 5", "alter table people drop column note",
                      "alter table people alter name set not null", "alter table people alter money set default 3",
                      "alter table pets replica identity full", "analyze people", "create index on people (name)"):
        made.database.sql(statement)
    seen_by_the_watch(made, flusso)  # what comes next moves the table to another file, which together would be a rewrite
    made.database.sql("vacuum full people")
    seen_by_the_watch(made, flusso)
    made.database.sql("insert into people (id, name) values (1000, 'new'); update pets set owner = 1000 where id = 1;"
                      "delete from pets where id = 2")
    made.wait_confirmed(flusso)
    made.assert_exact()
    assert [made.opensearch.generation(name) for name in TRUTH] == generations
    assert "starting again" not in flusso.log()


def test_values_that_are_rewritten_without_row_events_are_noticed(case):
    made, flusso = following(case)
    rebuilt(made, flusso, "alter table people alter money type numeric using money * 100")
    rebuilt(made, flusso, "alter table pets alter name type text using upper(name)")
    rebuilt(made, flusso, "alter table people alter name type varchar(3) using left(name, 3)")


def test_the_same_while_stopped(case):
    made, flusso = following(case)
    for statements in (
        ["alter table people alter money type numeric using money * 100"],
        ["drop table pets", "create table pets (id bigint primary key, owner bigint not null, name text)",
         "insert into pets values (1, 1, 'only')"],
        [f'alter publication "{made.publication}" drop table people', "update people set money = -1",
         f'alter publication "{made.publication}" add table people'],
    ):
        flusso.stop()
        before, kept = made.opensearch.generation("people"), made.opensearch.generation("things")
        for statement in statements:
            made.database.sql(statement)
        flusso = made.start()
        wait_generation(made, flusso, "people", before)
        assert made.opensearch.generation("things") == kept


def test_a_table_that_leaves_the_publication_and_comes_back_is_noticed(case):
    made, flusso = following(case)
    publication = f'alter publication "{made.publication}"'
    rebuilt(made, flusso, f"{publication} drop table pets", "update pets set name = 'unseen'", f"{publication} add table pets")
    flusso.wait_log("catalog: the catalog changed in a way that no row change tells; the index is built anew.*public.pets")
    rebuilt(made, flusso, f"{publication} drop table people", "delete from people where id < 5")


def test_a_publication_that_is_dropped_is_made_again_and_every_index_built_anew(case):
    made = deployed(case)
    made.source_toml = 'on_slot_lost = "reseed"'   # what it would have published is lost
    flusso = made.start()
    made.settle_and_compare(flusso)
    before = {name: made.opensearch.generation(name) for name in TRUTH}
    made.database.sql(f'drop publication "{made.publication}"')
    made.database.sql("update people set money = 7")
    made.database.sql("delete from things where id < 5")
    for name in TRUTH:
        until(lambda: flusso.check_running() or made.opensearch.generation(name) not in (before[name], None), name, 60)
    made.wait_settled(flusso)
    made.assert_exact()


def test_a_truncate_builds_the_indexes_of_its_table_anew_and_no_other(case):
    made, flusso = following(case)
    rebuilt(made, flusso, "truncate pets")
    flusso.wait_log("run: changes of a table do not tell their documents; the index is built anew.*table=public.pets.*TRUNCATE")
    made.database.sql("insert into pets select g, g % 50 + 1, 'y' || g from generate_series(1, 60) g")
    rebuilt(made, flusso, "begin; insert into pets values (500, 1, 'gone'); truncate pets; insert into pets values (501, 2, 'stays');"
                          "commit")
    made.database.sql("alter table pets add foreign key (owner) references people")
    rebuilt(made, flusso, "begin; truncate people cascade; insert into people values (7, 'only', 1); insert into pets values (1, 7, 'p');"
                          "commit")
    rebuilt(made, flusso, "begin; truncate things; insert into things values (1, 'only'); commit", name="things", other="people")
    made.database.sql("begin; truncate people cascade; rollback")
    made.settle_and_compare(flusso)
    assert [len(list(made.opensearch.everything(name))) for name in TRUTH] == [1, 1]


def paused(made, flusso, broken, mended, reason, healthy="things", name="people"):
    """`broken` pauses one index while the other flows and the slot moves; `mended` lets it resume."""
    for statement in broken:
        made.database.sql(statement)
    made.database.sql("insert into things values ((select max(id) + 1 from things), 'meanwhile')")
    flusso.wait_log(rf"an index is paused.* index={name}.*{reason}", 60)
    made.database.sql("insert into things values ((select max(id) + 1 from things), 'and on')")
    made.wait_confirmed(flusso)
    exact(made, healthy)
    before = made.opensearch.generation(name)
    for statement in mended:
        made.database.sql(statement)
    wait_generation(made, flusso, name, before)


def test_an_index_whose_column_is_gone_pauses_alone_and_resumes_by_itself(case):
    made, flusso = following(case)
    paused(made, flusso, ["alter table people drop column money", "update people set name = 'while paused' where id = 3"],
           ["alter table people add column money numeric not null default 4"], "money")
    paused(made, flusso, ["alter table pets rename owner to keeper", "insert into pets values (900, 1, 'late')"],
           ["alter table pets rename keeper to owner"], "owner")


def test_an_index_whose_table_is_gone_pauses_and_stays_paused_over_a_restart(case):
    made, flusso = following(case)
    made.database.sql("alter table pets rename to former_pets")
    flusso.wait_log("an index is paused.* index=people.*public.pets", 60)
    flusso.stop()
    flusso = made.start()
    flusso.wait_log("an index is paused.* index=people.*public.pets", 60)
    made.database.sql("delete from former_pets where id = 1")
    before = made.opensearch.generation("people")
    made.database.sql("alter table former_pets rename to pets")
    wait_generation(made, flusso, "people", before)


def test_when_every_index_is_paused_the_process_waits_and_the_slot_moves(case):
    made, flusso = following(case)
    made.database.sql("alter table people rename to people_; alter table things rename to things_")
    flusso.wait_log("an index is paused.* index=things", 60)
    made.database.sql("create table other (id int)")
    made.database.sql("insert into other values (1)")
    made.wait_confirmed(flusso)
    flusso.stop()
    flusso = made.start()
    flusso.wait_log("an index is paused.* index=people", 60)
    before = {name: made.opensearch.generation(name) for name in TRUTH}
    made.database.sql("delete from people_ where id = 9")
    made.database.sql("alter table people_ rename to people; alter table things_ rename to things")
    for name in TRUTH:
        until(lambda: flusso.check_running() or made.opensearch.generation(name) not in (before[name], None), name, 60)
    made.wait_settled(flusso)
    made.assert_exact()


def test_an_identity_that_vanishes_is_an_alarm_and_pauses_the_index(case):
    made, flusso = following(case)
    paused(made, flusso, ["alter table people replica identity nothing"],
           ["alter table people replica identity default"], "replica identity")


def test_an_identity_that_gets_narrower_builds_the_index_anew(case):
    made, flusso = following(case)
    rebuilt(made, flusso, "begin; alter table pets replica identity default; update pets set name = 'n' where id = 1; commit")


def test_an_index_that_never_worked_pauses_beside_others_and_is_an_error_alone(case):
    made = deployed(case, TABLES.replace("money numeric", "cash numeric"))
    flusso = made.start()
    flusso.wait_log("an index is paused.* index=people.*money", 60)
    made.disabled.add("people")
    made.settle_and_compare(flusso)
    made.disabled.clear()
    made.database.sql("alter table people rename cash to money")
    made.settle_and_compare(flusso)
    flusso.stop()
    alone = deployed(case, TABLES.replace("money numeric", "cash numeric"))
    alone.disabled.add("things")
    flusso = alone.start()
    assert flusso.wait() == 1
    assert "money" in flusso.log()
