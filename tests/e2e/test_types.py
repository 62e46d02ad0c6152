"""Values that an index cannot hold: null in the document, one warning per field with the cure, live as in a seed."""

SCHEMA = """
version: 1
table: readings
primary_key: id
fields:
  - long: id
  - double: value
  - timestamp: seenAt
    column: seen_at
  - has_many: parts
    table: parts
    primary_key: id
    foreign_key: reading_id
    fields:
      - decimal: share
"""
QUERY = """
select r.id::text, json_build_object('id', r.id, 'value', case when r.value < 'Infinity' then r.value end,
  'seenAt', case when r.seen_at < 'infinity' then r.seen_at end,
  'parts', coalesce((select json_agg(json_build_object('share', case when p.share < 'Infinity' then p.share end) order by p.id)
                     from parts p where p.reading_id = r.id), '[]'))::text from readings r where r.id is not null
"""


def warnings(flusso):
    return sorted(line.split(": ", 1)[1].split(" cure=")[0] for line in flusso.log().splitlines() if " documents: " in line)


def test_values_that_the_index_cannot_hold_are_null_and_warned_about_once_per_field(case):
    database = case.database()
    database.sql("create table readings (id bigint unique, value float8, seen_at timestamptz);"
                 "create table parts (id int primary key, reading_id bigint not null, share numeric);"
                 "create unique index readings_identity on readings (id);"
                 "alter table readings replica identity full")
    database.sql("insert into readings values (1, 'NaN', 'infinity'), (2, 1.5, '2024-01-02 03:04:05+00'), (3, 'NaN', null), (null, 1, null)")
    database.sql("insert into parts values (1, 1, 'NaN'), (2, 1, 0.10), (3, 2, 'NaN')")
    made = case.deployment(database, indexes={"readings": SCHEMA}, queries={"readings": QUERY})
    flusso = made.start()
    made.settle_and_compare(flusso)
    seeded = ["NaN or Infinity is indexed as null index=readings field=parts.share",
              "NaN or Infinity is indexed as null index=readings field=value",
              "a date outside the years 0001 to 9999 is indexed as null index=readings field=seenAt",
              "a row with NULL in its key has no document index=readings field=id"]
    assert warnings(flusso) == seeded, warnings(flusso)
    database.sql("insert into readings values (4, 'Infinity', 'infinity'), (null, 2, null)")
    database.sql("update parts set share = 'NaN' where id = 2")
    made.settle_and_compare(flusso)
    assert warnings(flusso) == seeded, warnings(flusso)
    flusso.stop()
