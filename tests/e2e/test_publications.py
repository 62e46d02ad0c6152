"""Publications and replica identities that belong to somebody else or change while flusso runs: what it refuses by name, what it runs
with when it is told to, and what it sets itself when it may.
"""

from harness import oracle
from test_bad_input import refused
from test_ddl import PEOPLE, TABLES, TRUTH, wait_generation
from test_slot import cured


def people(case, tables=TABLES):
    """One index over two tables, not started yet."""
    database = case.database()
    database.sql(tables)
    return case.deployment(database, indexes={"people": PEOPLE}, queries={"people": TRUTH["people"]})


def step(made, flusso, *statements):
    """Runs the statements one by one and compares; a step that changes no document tests nothing."""
    before = oracle.expected(made.database.url, TRUTH["people"])
    for statement in statements:
        made.database.sql(statement)
    assert oracle.expected(made.database.url, TRUTH["people"]) != before, f"changes no document: {statements}"
    made.wait_confirmed(flusso)
    wrong = made.differences()
    assert not wrong, f"after {statements}:\n" + "\n".join(wrong)


FOREIGN = ("--manage-publication", "false")


def partial(case, publication, refusal, warning, *statements):
    """A foreign publication is refused by name; with allow_partial_publication it is followed, and the statements that it lets
    through are exact."""
    made = people(case, TABLES + "; alter table pets replica identity default")
    made.traced = True
    made.database.sql(f'create publication "{made.publication}" for {publication}')
    for mention in refusal:
        refused(made.start(*FOREIGN), mention, f'publication "{made.publication}"')
    assert made.database.confirmed(made.slot) is None
    made.source_toml = "allow_partial_publication = true"
    flusso = made.start(*FOREIGN)
    made.settle_and_compare(flusso)
    flusso.wait_log(f"WARN source: .*{warning}")
    for statement in statements:
        step(made, flusso, statement)
    flusso.stop()


def test_a_publication_with_a_row_filter_is_refused_unless_it_is_allowed(case):
    partial(case, "table people where (id < 1000), pets",
            [r"row filter on table public\.people.*ALTER PUBLICATION .* DROP TABLE .*people"], r"row filter on table public\.people",
            "update people set money = 7 where id = 3", "insert into people values (900, 'seen', 1)",
            "delete from people where id = 900", "update pets set name = 'renamed' where id = 9")


def test_a_publication_that_leaves_out_a_column_is_refused_unless_it_is_allowed(case):
    partial(case, "table people, pets (id, name)",
            [r"leaves out column owner of table public\.pets.*ALTER PUBLICATION .* DROP TABLE .*pets"], "leaves out column owner",
            "update people set money = 7 where id = 3", "delete from people where id = 4")


def test_a_publication_without_deletes_is_refused_unless_it_is_allowed(case):
    partial(case, "table people, pets with (publish = 'insert, update')",
            ["does not publish every operation.*publish = 'insert, update, delete, truncate'"], "does not publish every operation",
            "update people set name = 'renamed' where id = 3", "insert into pets values (900, 3, 'late')")


def identity(made, table):
    return made.database.one("select relreplident from pg_class where oid = %s::regclass", table)


NARROW = "; alter table pets replica identity default"


def test_without_manage_replica_identity_the_statement_that_helps_is_printed(case):
    made = people(case, TABLES + NARROW)
    made.traced = True
    flusso = made.start()
    made.settle_and_compare(flusso)
    flusso.wait_log(r"source: old parents are searched for what=.*table public\.pets"
                    r".*ALTER TABLE \\\"public\\\"\.\\\"pets\\\" REPLICA IDENTITY USING INDEX \\\"pets_owner\\\"")
    assert identity(made, "pets") == "d"
    step(made, flusso, "update pets set owner = 7 where id = 1", "delete from pets where id = 2")


def test_with_manage_replica_identity_the_statement_is_executed_and_moves_are_followed(case):
    for tables, wanted, says in (
        (TABLES + NARROW, "i", r"REPLICA IDENTITY USING INDEX \\\"pets_owner\\\""),
        (TABLES + NARROW + "; drop index pets_owner; alter table pets alter name type char(9), alter name set storage plain", "f",
         "REPLICA IDENTITY FULL"),
    ):
        made = people(case, tables)
        made.source_toml = "manage_replica_identity = true"
        flusso = made.start()
        made.settle_and_compare(flusso)
        flusso.wait_log(rf"source: replica identity set sql=.*ALTER TABLE .*pets.*{says}")
        assert identity(made, "pets") == wanted
        assert "old parents are searched for" not in flusso.log()
        step(made, flusso, "update pets set owner = 7 where id = 1", "delete from pets where id = 2")
        flusso.stop()


def test_with_manage_replica_identity_a_table_with_large_columns_and_no_index_is_left_as_it_is(case):
    made = people(case, TABLES + NARROW + "; drop index pets_owner")
    made.traced = True
    made.source_toml = "manage_replica_identity = true"
    flusso = made.start()
    made.settle_and_compare(flusso)
    flusso.wait_log(r"source: a replica identity is left as it is: no index fits.*table=public\.pets")
    assert identity(made, "pets") == "d"
    step(made, flusso, "update pets set owner = 7 where id = 1", "delete from pets where id = 2")


def test_a_replica_identity_that_changes_while_running_is_followed(case):
    made = people(case)
    flusso = made.start()
    made.settle_and_compare(flusso)
    generation = made.opensearch.generation("people")
    changes = [f"update pets set owner = owner % 50 + 1 where id in ({number}, {number} + 20)" for number in range(30, 40)]
    for number, wanted in enumerate(("full", "using index pets_owner", "full", "using index pets_owner")):
        step(made, flusso, f"alter table pets replica identity {wanted}", changes[number], f"delete from pets where id = {70 + number}")
    assert made.opensearch.generation("people") == generation, "nothing was built anew"

    made.traced = True
    made.database.sql(f"begin; alter table pets replica identity default; {changes[4]}; commit")
    wait_generation(made, flusso, "people", generation)
    flusso.wait_log(r"built anew behind its alias.*table=public\.pets")
    step(made, flusso, changes[5], "delete from pets where id = 80")

    made.database.sql("alter table pets replica identity nothing")
    flusso.wait_log(r"an index is paused.*index=people.*public\.pets.*replica identity")
    made.database.sql("insert into pets values (900, 1, 'while paused')")
    generation = made.opensearch.generation("people")
    made.database.sql("alter table pets replica identity using index pets_owner")
    wait_generation(made, flusso, "people", generation)
    made.traced = False
    step(made, flusso, changes[6], "delete from pets where id = 81")


def test_a_publication_that_is_dropped_ends_the_run_with_the_cure_unless_reseeding_is_wanted(case):
    made = people(case)
    flusso = made.start()
    made.settle_and_compare(flusso)
    before = {"people": made.opensearch.generation("people")}
    made.database.sql(f'drop publication "{made.publication}"')
    made.database.sql("update people set money = 7")
    refused(flusso, "publication was dropped", "--on-slot-lost reseed", seconds=60)
    cured(made, before)
