"""The two shapes of the benchmarks: how to make the rows, what to change, and the documents as hand-written SQL."""

from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True)
class Workload:
    """`rows` are root rows at --size 1. `update` is pgbench's transaction, `touch` a statement over a list of ids (%s)."""

    name: str
    rows: int
    documents: str      # the oracle: id, document
    changed_table: str  # what the backlog changes: the root, or grandchildren of it
    update: str
    touch: str
    probe: str          # SQL: root id of a changed row, and the value that shows the change
    probe_path: tuple

    @property
    def tables(self):
        return SQL / f"{self.name}.sql"

    @property
    def schema(self):
        return SQL / f"{self.name}.schema.yml"


FLAT = Workload(
    name="flat", rows=200_000, changed_table="users",
    documents="""
select id::text, json_build_object('id', id, 'email', email, 'fullName', full_name, 'bio', bio, 'tier', tier, 'country', country,
                                   'loginCount', login_count, 'createdAt', created_at)::text from users""",
    update="\\set id random(1, :rows)\nupdate users set login_count = login_count + 1 where id = :id;\n",
    touch="update users set login_count = login_count + 1 where id = any(%s)",
    probe="select id, login_count from users where id = %s", probe_path=("loginCount",))

DEEP = Workload(
    name="deep", rows=50_000, changed_table="order_items",
    documents="""
select u.id::text, json_build_object(
    'id', u.id, 'email', u.email, 'fullName', u.full_name,
    'account', json_build_object('tier', u.tier, 'country', u.country, 'createdAt', u.created_at),
    'addresses', (select coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind, 'street', a.street, 'city', a.city,
                                                             'zip', a.zip) order by a.id), '[]')
                  from addresses a where a.user_id = u.id),
    'orders', (select coalesce(json_agg(json_build_object('id', o.id, 'status', o.status, 'total', o.total, 'placedAt', o.placed_at,
                   'items', (select coalesce(json_agg(json_build_object('productId', i.product_id, 'quantity', i.quantity,
                                                                        'unitPrice', i.unit_price) order by i.id), '[]')
                             from order_items i where i.order_id = o.id)) order by o.placed_at desc, o.id desc), '[]')
               from orders o where o.user_id = u.id),
    'orderCount', (select count(*) from orders o where o.user_id = u.id),
    'totalSpent', (select sum(o.total) from orders o where o.user_id = u.id),
    'averageOrder', (select avg(o.total) from orders o where o.user_id = u.id),
    'firstOrderAt', (select min(o.placed_at) from orders o where o.user_id = u.id),
    'lastOrderAt', (select max(o.placed_at) from orders o where o.user_id = u.id))::text
from users u""",
    update="\\set id random(1, :rows)\nupdate users set full_name = 'changed ' || :id where id = :id;\n",
    touch="update order_items set quantity = quantity %% 9 + 1 where id = any(%s)",
    probe="select o.user_id, i.quantity from order_items i join orders o on o.id = i.order_id where i.id = %s", probe_path=())

WORKLOADS = {"flat": FLAT, "deep": DEEP}
