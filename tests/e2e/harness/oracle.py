"""What the demo indexes must contain, by SQL written by hand and sharing nothing with flusso's own generator, and the
comparison of every document of an index with it.

Documents are compared as parsed JSON: numbers by value to the last digit, timestamps by instant, arrays in order (except
those named in UNORDERED), everything else exactly. A missing, stale or extra document is a failure.
"""

import re
from datetime import datetime, timezone
from decimal import Decimal

import psycopg2

from .opensearch import parse

USERS = """
select u.id::text, json_build_object(
    'id', u.id,
    'email', lower(trim(u.email)),
    'fullName', u.full_name,
    'phone', u.phone,
    'kind', 'customer',
    'account', json_build_object('tier', u.tier, 'country', u.country, 'newsletter', u.newsletter,
                                 'loginCount', u.login_count, 'createdAt', u.created_at),
    'profile', (select json_build_object('bio', p.bio, 'avatarUrl', p.avatar_url, 'locale', coalesce(p.locale, 'en'),
                                         'birthYear', p.birth_year)
                from profiles p where p.user_id = u.id),
    'addresses', (select coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind, 'street', a.street, 'city', a.city,
                                                             'postalCode', a.zip, 'country', a.country) order by a.id), '[]')
                  from addresses a where a.user_id = u.id),
    'orders', (select coalesce(json_agg(json_build_object(
                   'id', o.id, 'status', o.status, 'total', o.total, 'placedAt', o.placed_at, 'shippedAt', o.shipped_at,
                   'items', (select coalesce(json_agg(json_build_object('id', i.id, 'productId', i.product_id,
                                 'quantity', i.quantity, 'unitPrice', i.unit_price) order by i.id), '[]')
                             from order_items i where i.order_id = o.id))
                 order by o.placed_at desc, o.id desc), '[]')
               from orders o where o.user_id = u.id),
    'orderCount', (select count(*) from orders o where o.user_id = u.id),
    'lifetimeValue', (select sum(o.total) from orders o where o.user_id = u.id and o.status <> 'cancelled'),
    'avgOrderValue', (select avg(o.total) from orders o where o.user_id = u.id),
    'smallestOrder', (select min(o.total) from orders o where o.user_id = u.id),
    'lastOrderAt', (select max(o.placed_at) from orders o where o.user_id = u.id))::text
from users u where not u.deleted
"""

PRODUCTS = """
select p.id::text, json_build_object(
    'id', p.id, 'sku', p.sku, 'name', p.name, 'description', p.description, 'price', p.price, 'active', p.active,
    'attributes', p.attributes, 'createdAt', p.created_at,
    'category', (select json_build_object('id', c.id, 'name', c.name, 'description', c.description)
                 from categories c where c.id = p.category_id),
    'tags', (select coalesce(json_agg(json_build_object('id', t.id, 'name', t.name) order by t.id), '[]')
             from product_tags pt join tags t on t.id = pt.tag_id where pt.product_id = p.id),
    'tagIds', (select coalesce(json_agg(pt.tag_id), '[]') from product_tags pt where pt.product_id = p.id),
    'reviewCount', (select count(*) from reviews r where r.product_id = p.id),
    'averageRating', (select avg(r.rating) from reviews r where r.product_id = p.id),
    'worstRating', (select min(r.rating) from reviews r where r.product_id = p.id),
    'lastReviewAt', (select max(r.created_at) from reviews r where r.product_id = p.id))::text
from products p where p.archived_at is null
"""

ORDERS = """
select o.id::text, json_build_object(
    'id', o.id, 'status', o.status, 'total', o.total, 'placedAt', o.placed_at, 'shippedAt', o.shipped_at,
    'user', (select json_build_object('id', u.id, 'email', lower(trim(u.email)), 'fullName', u.full_name, 'tier', u.tier)
             from users u where u.id = o.user_id),
    'items', (select coalesce(json_agg(json_build_object('id', i.id, 'productId', i.product_id, 'quantity', i.quantity,
                                                         'unitPrice', i.unit_price) order by i.id), '[]')
              from order_items i where i.order_id = o.id),
    'itemCount', (select count(*) from order_items i where i.order_id = o.id),
    'unitCount', (select sum(i.quantity) from order_items i where i.order_id = o.id))::text
from orders o
"""

DEMO = {"users": USERS, "products": PRODUCTS, "orders": ORDERS}
UNORDERED = {"tagIds"}

_INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d(?::?\d\d)?)?$")


def expected(url, sql):
    """{id: document} of one snapshot."""
    documents = {}
    connection = psycopg2.connect(url)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as setup:
            setup.execute("set timezone = 'UTC'; set jit = off")
        with connection.cursor("oracle") as cursor:
            cursor.itersize = 5000
            cursor.execute(sql)
            for document_id, text in cursor:
                documents[document_id] = parse(text)
    finally:
        connection.close()
    return documents


class Difference:
    """The documents of one index that are not what the source says."""

    def __init__(self, name):
        self.name, self.missing, self.extra, self.stale, self.compared = name, [], [], [], 0

    def __bool__(self):
        return bool(self.missing or self.extra or self.stale)

    def text(self):
        lines = [f"index {self.name}: {len(self.missing)} missing, {len(self.stale)} stale, {len(self.extra)} extra"
                 f" of {self.compared} documents"]
        lines += [f"  missing {document_id}" for document_id in self.missing[:5]]
        lines += [f"  extra   {document_id}" for document_id in self.extra[:5]]
        for document_id, where in self.stale[:5]:
            lines.append(f"  stale   {document_id}: {where}")
        return "\n".join(lines)


def as_doubles(value):
    """The document as OpenSearch shows it when a mapping excludes something from `_source`: decimals become doubles."""
    if isinstance(value, dict):
        return {key: as_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_doubles(item) for item in value]
    return Decimal(repr(float(value))) if isinstance(value, Decimal) else value


def compare(opensearch, name, url, sql, traced=False):
    """The difference between an index and the rows of `sql` (id, document text); also counts what was compared."""
    wanted = expected(url, sql)
    if traced:
        wanted = {document_id: as_doubles(document) for document_id, document in wanted.items()}
    difference = Difference(name)
    seen = set()
    for document_id, found in opensearch.everything(name):
        seen.add(document_id)
        if document_id not in wanted:
            difference.extra.append(document_id)
        else:
            where = first_difference(wanted[document_id], as_doubles(found) if traced else found)
            if where:
                difference.stale.append((document_id, where))
    difference.missing = sorted(set(wanted) - seen)
    difference.compared = len(wanted)
    return difference


def first_difference(wanted, found, path=""):
    """Where two documents part, in words; None when they are the same."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            here = f"{path}.{key}" if path else key
            if key not in found:
                return f"{here} is absent, wanted {short(wanted[key])}"
            if key not in wanted:
                return f"{here} is {short(found[key])}, wanted no such key"
            where = first_difference(wanted[key], found[key], here)
            if where:
                return where
        return None
    if isinstance(wanted, list) and isinstance(found, list):
        if path in UNORDERED:
            wanted, found = sorted(wanted, key=repr), sorted(found, key=repr)
        if len(wanted) != len(found):
            return f"{path} has {len(found)} elements, wanted {len(wanted)}"
        for at, (left, right) in enumerate(zip(wanted, found)):
            where = first_difference(left, right, f"{path}[{at}]")
            if where:
                return where
        return None
    return None if same(wanted, found) else f"{path} is {short(found)}, wanted {short(wanted)}"


def same(wanted, found):
    """Whether two scalars mean the same."""
    if isinstance(wanted, bool) or isinstance(found, bool) or wanted is None or found is None:
        return wanted is found
    if isinstance(wanted, (int, Decimal)) and isinstance(found, (int, Decimal)):
        return wanted == found
    if isinstance(wanted, str) and isinstance(found, str):
        return wanted == found or (instant(wanted) is not None and instant(wanted) == instant(found))
    return False


def instant(text):
    """(seconds, fraction) of an ISO timestamp, UTC when it names no zone; None for other text."""
    found = _INSTANT.match(text)
    if not found:
        return None
    day, time, fraction, zone = found.groups()
    if zone in (None, "Z"):
        zone = "+00:00"
    elif len(zone) == 3:
        zone += ":00"
    elif ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    moment = datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(timezone.utc)
    return moment, Decimal(fraction or 0)


def short(value):
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
