"""Every relation kind × every operation × replica identity × key type, against an oracle of its own.

Each combination of key type and replica identity is a little world of nine tables and one index that relates them in
every way. An operation is done in all worlds, then every document of all of them is compared.
"""

from harness.worlds import walk

# name: (type of a key, type of the columns that point at it, SQL of the n-th key, what must be created first)
KEYS = {
    "int4": ("int4", "int4", "{n}", ""),
    "int2_from_int8": ("int2", "int8", "{n}", ""),
    "int8_from_int4": ("int8", "int4", "{n}", ""),
    "uuid": ("uuid", "uuid", "md5({n}::text)::uuid", ""),
    "text": ("text", "text", "'k:%' || {n} || ' é'''", ""),
    "varchar_from_text": ("varchar(40)", "text", "'v' || {n}", ""),
    "char": ("char(6)", "char(6)", "'c' || {n}", ""),
    "char_from_longer": ("char(4)", "char(9)", "'c' || {n}", ""),
    "citext": ("citext", "citext", "'Ci' || {n}", "create extension if not exists citext"),
    "enum": ("matrix_enum", "matrix_enum", "('e' || {n})::matrix_enum",
             "create type matrix_enum as enum (" + ",".join(f"'e{n}'" for n in range(1, 60)) + ")"),
    "domain": ("matrix_domain", "matrix_domain", "'d' || {n}", "create domain matrix_domain as text check (value <> '')"),
    "numeric": ("numeric", "numeric", "{n} + 0.50", ""),
    "numeric_from_scaled": ("numeric", "numeric(12,4)", "{n} + 0.5", ""),
    "date": ("date", "date", "date '2020-01-01' + {n}", ""),
    "timestamp": ("timestamp", "timestamp", "timestamp '2020-01-01' + {n} * interval '1.5 s'", ""),
    "timestamptz": ("timestamptz", "timestamptz", "timestamptz '2020-01-01 UTC' + {n} * interval '1 h'", ""),
    "bytea": ("bytea", "bytea", "decode(md5({n}::text), 'hex')", ""),
    "inet": ("inet", "inet", "('10.0.0.' || {n} || '/24')::inet", ""),
}

# Where old rows carry what is needed, or the same as by default, a few types say as much as all.
SOME = ["int4", "int2_from_int8", "text", "char_from_longer", "numeric_from_scaled", "bytea"]

# How each table's replica identity is set; {t} is the table.
IDENTITIES = {
    "default": "",
    "full": "alter table {t} replica identity full",
    # Another unique index over the key: the key is carried, and nothing else.
    "index": "create unique index {t}_identity on {t} ({key}); alter table {t} replica identity using index {t}_identity",
}

TABLES = """
create table {w}_target (id {key} primary key, name text);
create table {w}_root (id {key} primary key, name text, target_id {ref} references {w}_target on update cascade on delete set null,
                       parent_id {ref} references {w}_root on update cascade on delete set null);
create table {w}_profile (id serial primary key, root_id {ref} references {w}_root on update cascade on delete cascade, bio text);
create table {w}_child (id {key} primary key, root_id {ref} references {w}_root on update cascade on delete cascade,
                        status text not null default 'open', v int not null default 1);
create table {w}_grandchild (id serial primary key, child_id {ref} references {w}_child on update cascade on delete cascade, v int);
create table {w}_far (id {key} primary key, name text);
create table {w}_link (id serial primary key, root_id {ref} references {w}_root on update cascade on delete cascade,
                       far_id {ref} references {w}_far on update cascade on delete cascade);
create table {w}_pair (root_id {ref} references {w}_root on update cascade on delete cascade,
                       far_id {ref} references {w}_far on update cascade on delete cascade, primary key (root_id, far_id));
"""
KEY_OF = {"target": "id", "root": "id", "profile": "id", "child": "id", "grandchild": "id", "far": "id", "link": "id",
          "pair": "root_id, far_id"}

# What stands in each world at the start: (table, columns, values); K(n) is the n-th key.
START = [
    ("target", "id, name", ["K(1), 'one'", "K(2), 'two'", "K(3), 'three'"]),
    ("root", "id, name, target_id", ["K(1), 'a', K(1)", "K(2), 'b', K(1)", "K(3), 'c', null", "K(4), 'd', K(2)", "K(5), 'e', K(3)"]),
    ("profile", "root_id, bio", ["K(1), 'first'", "K(2), 'second'"]),
    ("child", "id, root_id, v", ["K(11), K(1), 1", "K(12), K(1), 2", "K(13), K(2), 3", "K(14), K(3), 4", "K(15), null, 5",
                                 "K(16), K(4), 6", "K(17), K(5), 7"]),
    ("grandchild", "child_id, v", ["K(11), 1", "K(11), 2", "K(13), 3", "K(14), 4", "K(16), 5", "K(15), 6"]),
    ("far", "id, name", ["K(21), 'x'", "K(22), 'y'", "K(23), 'z'", "K(24), 'w'"]),
    ("link", "root_id, far_id", ["K(1), K(21)", "K(1), K(22)", "K(2), K(21)", "K(3), K(23)", "K(4), K(24)"]),
    ("pair", "root_id, far_id", ["K(1), K(21)", "K(2), K(21)", "K(2), K(22)", "K(3), K(23)", "K(4), K(24)"]),
]

# One transaction per line; W is the world's prefix.
OPERATIONS = [
    ("a child, a grandchild and links are added",
     "insert into W_child values (K(18), K(2), 'open', 8); insert into W_grandchild (child_id, v) values (K(12), 7);"
     "insert into W_link (root_id, far_id) values (K(5), K(21)); insert into W_pair values (K(5), K(22));"
     "insert into W_profile (root_id, bio) values (K(3), 'third')"),
    ("rows change in place",
     "update W_child set v = 20 where id = K(11); update W_grandchild set v = 30 where v = 3; update W_far set name = 'X' where id = K(21);"
     "update W_target set name = 'ONE' where id = K(1); update W_profile set bio = 'FIRST' where bio = 'first'"),
    ("a child moves to another root", "update W_child set root_id = K(2) where id = K(12)"),
    ("a child leaves for nowhere", "update W_child set root_id = null where id = K(14)"),
    ("a child comes from nowhere", "update W_child set root_id = K(5) where id = K(15)"),
    ("a grandchild moves to a child of another root", "update W_grandchild set child_id = K(16) where v = 1"),
    ("a grandchild leaves and another comes",
     "update W_grandchild set child_id = null where v = 4; update W_grandchild set child_id = K(17) where v = 6"),
    ("links move on both sides",
     "update W_link set root_id = K(3) where root_id = K(1) and far_id = K(22); update W_link set far_id = K(24) where root_id = K(2);"
     "update W_pair set root_id = K(3) where root_id = K(2) and far_id = K(22); update W_pair set far_id = K(23) where root_id = K(1)"),
    ("a profile moves", "update W_profile set root_id = K(4) where bio = 'second'"),
    ("roots point elsewhere",
     "update W_root set target_id = K(3) where id = K(1); update W_root set target_id = null where id = K(2);"
     "update W_root set target_id = K(1) where id = K(3)"),
    ("roots get and change parents",
     "update W_root set parent_id = K(1) where id in (K(2), K(3)); update W_root set parent_id = K(5) where id = K(4)"),
    ("a parent's name changes and a root changes its parent",
     "update W_root set name = 'A' where id = K(1); update W_root set parent_id = K(4) where id = K(3)"),
    ("a child passes a filter and another leaves it",
     "update W_child set status = 'closed' where id = K(11); update W_child set status = 'closed' where id = K(13)"),
    ("keys of a child and of a target change", "update W_child set id = K(31) where id = K(11); update W_target set id = K(32) where id = K(3)"),
    ("the key of a far row changes", "update W_far set id = K(33) where id = K(22)"),
    ("the key of a root changes with all that hangs on it", "update W_root set id = K(34) where id = K(2)"),
    ("two children swap their keys", "update W_child set id = K(40) where id = K(12); update W_child set id = K(12) where id = K(13);"
                                     "update W_child set id = K(13) where id = K(40)"),
    ("two roots swap their keys", "update W_root set id = K(41) where id = K(1); update W_root set id = K(1) where id = K(4);"
                                  "update W_root set id = K(4) where id = K(41)"),
    ("a child dies and comes again elsewhere under its old key",
     "delete from W_child where id = K(16); insert into W_child values (K(16), K(5), 'open', 60)"),
    ("a child moves twice and dies in one transaction",
     "update W_child set root_id = K(5) where id = K(18); update W_child set root_id = K(3), id = K(42) where id = K(18); delete from W_child where id = K(42)"),
    ("single rows are deleted",
     "delete from W_grandchild where v = 2; delete from W_link where far_id = K(21); delete from W_pair where far_id = K(24); delete from W_profile where bio = 'FIRST'"),
    ("a child is deleted with its grandchildren", "delete from W_child where id = K(17)"),
    ("a far row is deleted with its links", "delete from W_far where id = K(23)"),
    ("a target is deleted and its roots keep nothing", "delete from W_target where id = K(1)"),
    ("a root is deleted with all that hangs on it, and is somebody's parent", "delete from W_root where id = K(5)"),
    ("everything of a root moves to another in one transaction",
     "update W_child set root_id = K(3); update W_link set root_id = K(3); update W_profile set root_id = K(34);"
     "delete from W_pair; insert into W_pair select r.id, f.id from W_root r cross join W_far f"),
    ("a root dies and comes again with less", "delete from W_root where id = K(3); insert into W_root (id, name) values (K(3), 'again')"),
]

SCHEMA = """
version: 1
table: {w}_root
primary_key: id
fields:
  - text: name
  - belongs_to: target
    table: {w}_target
    column: target_id
    primary_key: id
    fields:
      - text: name
  - belongs_to: parent
    table: {w}_root
    column: parent_id
    primary_key: id
    fields:
      - text: name
  - has_many: heirs
    table: {w}_root
    foreign_key: parent_id
    primary_key: id
    fields:
      - text: name
  - has_one: profile
    table: {w}_profile
    foreign_key: root_id
    primary_key: id
    fields:
      - text: bio
  - has_many: children
    table: {w}_child
    foreign_key: root_id
    primary_key: id
    fields:
      - integer: v
      - has_many: grandchildren
        table: {w}_grandchild
        foreign_key: child_id
        primary_key: id
        order_by:
          - column: v
            direction: asc
        fields:
          - integer: v
      - sum: weight
        table: {w}_grandchild
        foreign_key: child_id
        column: v
        value_type: long
  - many_to_many: links
    table: {w}_far
    primary_key: id
    through:
      table: {w}_link
      left_key: root_id
      right_key: far_id
    fields:
      - text: name
  - many_to_many: pairs
    table: {w}_far
    primary_key: id
    through:
      table: {w}_pair
      left_key: root_id
      right_key: far_id
    fields:
      - text: name
  - count: openChildren
    table: {w}_child
    foreign_key: root_id
    filters:
      - column: status
        op: eq
        value: open
  - sum: total
    table: {w}_child
    foreign_key: root_id
    column: v
    value_type: long
  - count: pairCount
    table: {w}_far
    through:
      table: {w}_pair
      left_key: root_id
      right_key: far_id
"""

# concat() gives the text output of the key, which a cast to text is not for every type.
ORACLE = """
select concat(r.id), json_build_object(
  'name', r.name,
  'target', (select json_build_object('name', t.name) from {w}_target t where t.id = r.target_id),
  'parent', (select json_build_object('name', p.name) from {w}_root p where p.id = r.parent_id),
  'heirs', (select coalesce(json_agg(json_build_object('name', h.name) order by h.id), '[]') from {w}_root h where h.parent_id = r.id),
  'profile', (select json_build_object('bio', p.bio) from {w}_profile p where p.root_id = r.id order by p.id limit 1),
  'children', (select coalesce(json_agg(json_build_object('v', c.v,
      'grandchildren', (select coalesce(json_agg(json_build_object('v', g.v) order by g.v, g.id), '[]') from {w}_grandchild g where g.child_id = c.id),
      'weight', (select sum(g.v) from {w}_grandchild g where g.child_id = c.id)) order by c.id), '[]') from {w}_child c where c.root_id = r.id),
  'links', (select coalesce(json_agg(json_build_object('name', f.name) order by f.id), '[]') from {w}_link l join {w}_far f on f.id = l.far_id where l.root_id = r.id),
  'pairs', (select coalesce(json_agg(json_build_object('name', f.name) order by f.id), '[]') from {w}_pair l join {w}_far f on f.id = l.far_id where l.root_id = r.id),
  'openChildren', (select count(*) from {w}_child c where c.root_id = r.id and c.status = 'open'),
  'total', (select sum(c.v) from {w}_child c where c.root_id = r.id),
  'pairCount', (select count(*) from {w}_pair l join {w}_far f on f.id = l.far_id where l.root_id = r.id))::text
from {w}_root r
"""


class World:
    """The tables and the index of one key type under one replica identity."""

    def __init__(self, key, identity):
        self.name = f"{key}_{identity}"
        self.key_type, self.ref_type, self.expression, self.before = KEYS[key]
        self.identity = IDENTITIES[identity]

    def sql(self, text):
        """W_ and K(n) written out."""
        out, rest = "", text.replace("W_", self.name + "_")
        while "K(" in rest:
            head, rest = rest.split("K(", 1)
            number, rest = rest.split(")", 1)
            out += head + "(" + self.expression.format(n=number) + ")"
        return out + rest

    def create(self):
        tables = TABLES.format(w=self.name, key=self.key_type, ref=self.ref_type)
        rows = "".join(f"insert into {self.name}_{table} ({columns}) values {', '.join(f'({self.sql(v)})' for v in values)};"
                       for table, columns, values in START)
        identities = "".join(self.identity.format(t=f"{self.name}_{table}", key=key) + ";" for table, key in KEY_OF.items())
        return tables + identities + rows

    def schema(self):
        return SCHEMA.format(w=self.name)

    def oracle(self):
        return ORACLE.format(w=self.name)


def matrix(case, identity, keys):
    database = case.database()
    worlds = [World(key, identity) for key in keys]
    database.sql(";".join(sorted({world.before for world in worlds if world.before})) or "select 1")
    for world in worlds:
        database.sql(world.create())
    walk(case, database, worlds, OPERATIONS)


def test_every_relation_and_operation_when_old_rows_carry_only_their_key(case):
    matrix(case, "default", KEYS)


def test_every_relation_and_operation_when_old_rows_carry_everything(case):
    matrix(case, "full", SOME)


def test_every_relation_and_operation_when_another_unique_index_is_the_identity(case):
    matrix(case, "index", SOME)
