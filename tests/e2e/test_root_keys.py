"""Root keys that the matrix of test_matrix.py has no room for: a boolean, which has two values only, and keys of two columns. Every
operation on two roots and what hangs on them, under each replica identity, against an oracle of its own.
"""

from harness.worlds import walk

# name: (types of the key's columns, SQL of the parts of the first key, of the second, of one that comes later or None)
KEYS = {
    "bool": (["bool"], ["false"], ["true"], None),
    "int_text": (["int4", "text"], ["1", "'a:b%'"], ["1", "'ä'"], ["2", "''"]),
    "text_int": (["text", "int8"], ["'x'", "7"], ["'x'", "8"], ["'x%3A8'", "8"]),
    "uuid_bool": (["uuid", "bool"], ["md5('1')::uuid", "true"], ["md5('1')::uuid", "false"], ["md5('2')::uuid", "false"]),
}

IDENTITIES = {"default": "", "full": "alter table {t} replica identity full"}

TABLES = """
create table {w}_root ({columns}, name text, primary key ({k}));
create table {w}_child (id int primary key, {references}, v int, foreign key ({r}) references {w}_root on update cascade on delete cascade);
create table {w}_far (id int primary key, name text);
create table {w}_pair ({references}, far_id int references {w}_far on delete cascade, primary key ({r}, far_id),
                       foreign key ({r}) references {w}_root on update cascade on delete cascade);
insert into {w}_root values ({first}, 'one'), ({second}, 'two');
insert into {w}_child values (1, {first}, 1), (2, {first}, 2), (3, {second}, 3), (4, {nobody}, 4);
insert into {w}_far values (1, 'x'), (2, 'y');
insert into {w}_pair values ({first}, 1), ({second}, 2)
"""

# One transaction per line. FIRST, SECOND, LATER and NOBODY are rows of key parts, K and R the key's and the references' columns.
OPERATIONS = [
    "update W_root set name = 'ONE' where K = FIRST",
    "insert into W_child (id, v) values (5, 5); update W_child set R = SECOND where id = 5",
    "update W_child set v = 10 where id = 1; update W_far set name = 'X' where id = 1",
    "update W_child set R = SECOND where id = 1",
    "update W_child set R = NOBODY where id = 2",
    "update W_child set R = FIRST where id in (3, 4)",
    "update W_pair set far_id = 1 where R = SECOND",
    "update W_pair set R = FIRST, far_id = 2 where R = SECOND",
    "delete from W_child where id = 3; delete from W_pair where far_id = 2",
    "delete from W_root where K = SECOND",
    "update W_root set K = SECOND where K = FIRST",                       # the key moves with all that hangs on it
    "insert into W_root (KS, name) select FIRST.*, 'again'",
    "update W_child set R = FIRST where id = 4; insert into W_pair (RS, far_id) select FIRST.*, 2",
    "delete from W_root where K = FIRST; insert into W_root (KS, name) select FIRST.*, 'at once'",
    "update W_root set K = LATER where K = SECOND",
    "update W_root set K = SECOND where K = LATER",
    "delete from W_far",
    "delete from W_root",
]

SCHEMA = """
version: 1
table: {w}_root
primary_key: [{k}]
fields:
  - text: name
  - has_many: children
    table: {w}_child
    foreign_key: [{r}]
    primary_key: id
    fields:
      - integer: v
  - count: childCount
    table: {w}_child
    foreign_key: [{r}]
  - many_to_many: pairs
    table: {w}_far
    primary_key: id
    through:
      table: {w}_pair
      left_key: [{r}]
      right_key: far_id
    fields:
      - text: name
"""

ORACLE = """
select {id}, json_build_object('name', o.name,
  'children', (select coalesce(json_agg(json_build_object('v', c.v) order by c.id), '[]') from {w}_child c where ({cr}) = ({ok})),
  'childCount', (select count(*) from {w}_child c where ({cr}) = ({ok})),
  'pairs', (select coalesce(json_agg(json_build_object('name', f.name) order by f.id), '[]')
            from {w}_pair c join {w}_far f on f.id = c.far_id where ({cr}) = ({ok})))::text
from {w}_root o
"""


class World:
    """The tables and the index of one key under one replica identity."""

    def __init__(self, key, identity):
        self.name = f"{key}_{identity}"
        self.types, self.first, self.second, self.later = KEYS[key]
        self.identity = IDENTITIES[identity]
        self.k = [f"k{n}" for n in range(len(self.types))]
        self.r = [f"r{n}" for n in range(len(self.types))]

    def create(self):
        columns = lambda names: ", ".join(f"{name} {kind}" for name, kind in zip(names, self.types))
        tables = TABLES.format(w=self.name, columns=columns(self.k), references=columns(self.r), k=", ".join(self.k), r=", ".join(self.r),
                               first=", ".join(self.first), second=", ".join(self.second), nobody=", ".join("null" for _ in self.k))
        return tables + ";" + "".join(self.identity.format(t=f"{self.name}_{table}") + ";" for table in ("root", "child", "far", "pair"))

    def sql(self, operation):
        """An operation written out; None when it needs a key that this type does not have."""
        if "LATER" in operation and not self.later:
            return None
        for name, parts in (("FIRST", self.first), ("SECOND", self.second), ("LATER", self.later or []), ("NOBODY", ["null"] * len(self.k))):
            operation = operation.replace(f"select {name}.*", "select " + ", ".join(parts)).replace(name, f"row({', '.join(parts)})")
        for name, columns in (("KS", self.k), ("RS", self.r)):
            operation = operation.replace(f"({name},", f"({', '.join(columns)},")
        for name, columns in (("K", self.k), ("R", self.r)):
            listed = f"({', '.join(columns)})"
            operation = operation.replace(f"set {name} ", f"set {listed} ").replace(f"where {name} ", f"where row{listed} ")
        return operation.replace("W_", self.name + "_")

    def schema(self):
        return SCHEMA.format(w=self.name, k=", ".join(self.k), r=", ".join(self.r))

    def oracle(self):
        parts = [f"o.{name}::text" for name in self.k]
        if len(parts) > 1:
            parts = [f"replace(replace({part}, '%', '%25'), ':', '%3A')" for part in parts]
        return ORACLE.format(w=self.name, id=" || ':' || ".join(parts), cr=", ".join(f"c.{name}" for name in self.r),
                             ok=", ".join(f"o.{name}" for name in self.k))


def test_every_operation_on_roots_whose_key_is_a_boolean_or_two_columns(case):
    database = case.database()
    worlds = [World(key, identity) for key in KEYS for identity in IDENTITIES]
    for world in worlds:
        database.sql(world.create())
    walk(case, database, worlds, [(operation, operation) for operation in OPERATIONS])
