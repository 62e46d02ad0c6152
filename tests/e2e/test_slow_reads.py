"""What takes long: a batch of documents whose statement runs into its time limit is halved until it passes, a single document is
left out by name, and other indexes flow meanwhile. A slot is made however long an older transaction takes. The time limit is a
minute; so all of this is one test that takes one.
"""

import time

from harness.wait import until
from test_ddl import TABLES, THINGS, TRUTH
from test_seed import flat

PEOPLE = """
version: 1
table: people
primary_key: id
fields:
  - keyword: name
  - count: pets
    table: pets
    foreign_key: owner
    filters: [{ raw: "%s" }]
"""
QUERY = """select p.id::text, json_build_object('name', p.name, 'pets', (select count(*) from pets t where t.owner = p.id))::text
from people p"""

# `takes_long` is about how many rows a statement has looked at, `is_stuck` about one person.
FUNCTIONS = """
create table pace (most int, person bigint);
insert into pace values (1000000, 0);
create function takes_long() returns boolean language plpgsql volatile as $$
begin
  perform set_config('e2e.seen', (coalesce(nullif(current_setting('e2e.seen', true), ''), '0')::int + 1)::text, true);
  if current_setting('e2e.seen')::int > (select most from public.pace) then perform pg_sleep(600); end if;
  return true;
end $$;
create function is_stuck(who bigint) returns boolean language plpgsql volatile as $$
begin
  if who = (select person from public.pace) then perform pg_sleep(600); end if;
  return true;
end $$
"""


def test_a_batch_that_takes_too_long_is_halved_and_a_document_that_takes_too_long_is_left_out(case):
    database = case.database()
    database.sql(TABLES)
    database.sql(FUNCTIONS)
    made = case.deployment(database, indexes={"halved": PEOPLE % "takes_long()", "stuck": PEOPLE % "is_stuck(owner)",
                                              "things": THINGS},
                           queries={"halved": QUERY, "stuck": QUERY, "things": TRUTH["things"]})
    made.extra_toml = 'on_error = "skip"'
    flusso = made.start(workers=4)
    made.settle_and_compare(flusso)
    begun = time.monotonic()
    late, older = flat(case, 10), database.connect()
    case.stack.callback(older.close)
    older.cursor().execute("begin; insert into things values (900, 'by an older transaction')")
    starting = late.start()
    database.sql("update pace set person = 31")
    database.sql("update people set name = 'alone' where id = 31")
    until(lambda: flusso.check_running() or sleeping(database), "the document that takes too long being built", 30)
    # Eight people with two pets each: three may pass in one statement. What is left is too much for another one, half of it is not.
    database.sql("update pace set most = 6")
    database.sql("update people set name = 'together' where id between 32 and 39")
    database.sql("update things set name = 'at once'")
    made.wait_document(flusso, "things", 1, lambda found: found and found["name"] == "at once", 20)
    assert time.monotonic() - begun < 50, "the other index waited"
    flusso.wait_log(r"build: documents are built later index=halved documents=5 reason=.*statement timeout", 100)
    flusso.wait_log(r"build: document left out, it cannot be built index=stuck id=31 code=pg\.statement_timeout", 100)
    made.disabled.add("stuck")
    starting.wait_log(r"source: waiting for older transactions before the slot can be made.*idle in transaction for [4-9]\d s", 100)
    older.cursor().execute("commit")
    late.settle_and_compare(starting)
    made.wait_document(flusso, "halved", 39, lambda found: found and found["name"] == "together", 30)
    made.assert_exact()
    case.note(f"halved and left out after {time.monotonic() - begun:.0f} s")

    made.disabled.clear()
    database.sql("update pace set person = 0")
    database.sql("update people set name = 'again' where id = 31")
    made.settle_and_compare(flusso)
    flusso.stop()


def sleeping(database):
    return database.one("select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")
