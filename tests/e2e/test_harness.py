"""The comparison itself: it must accept an exact index and see one missing, one extra and one stale document."""

import json
from decimal import Decimal

from harness import oracle
from harness.opensearch import OpenSearch
from harness.postgres import unique


def fill(case, database):
    """Posts the expected documents with a naive client of its own, under a fresh prefix."""
    opensearch = OpenSearch(case.services.os_url, unique("e2e") + "_")
    case.own(opensearch, "remove_all")
    for name, sql in oracle.DEMO.items():
        lines = []
        for document_id, text in database.sql(sql):
            lines += [json.dumps({"index": {"_index": opensearch.prefix + name, "_id": document_id}}), text.replace("\n", " ")]
        answer = opensearch.call("POST", "_bulk", ("\n".join(lines) + "\n").encode(), ndjson=True)
        assert not answer["errors"], "the naive client's documents were refused"
    return opensearch


def compare(opensearch, database, name):
    return oracle.compare(opensearch, name, database.url, oracle.DEMO[name])


def test_the_oracle_accepts_an_exact_index_and_sees_every_kind_of_difference(case):
    database = case.own(case.store.database(1), "drop")
    opensearch = fill(case, database)
    for name in oracle.DEMO:
        difference = compare(opensearch, database, name)
        assert not difference and difference.compared > 40, difference.text()

    opensearch.call("DELETE", f"{opensearch.prefix}users/_doc/1")
    opensearch.call("PUT", f"{opensearch.prefix}users/_doc/0", {"id": 0})
    database.sql("update order_items set quantity = quantity + 1 where id = 1")
    database.sql("update profiles set locale = 'xx' where user_id = (select min(u.id) from users u join profiles p on p.user_id = u.id"
                 " where not u.deleted and u.id > 1 and not exists (select from orders o where o.user_id = u.id))")
    users = compare(opensearch, database, "users")
    assert users.missing == ["1"] and users.extra == ["0"], users.text()
    assert len(users.stale) == 2 and any("quantity" in where for _, where in users.stale), users.text()
    assert [where for _, where in compare(opensearch, database, "orders").stale]
    assert not compare(opensearch, database, "products")


def test_documents_are_the_same_by_value_and_not_by_text(_case):
    same, different = oracle.same, lambda left, right: not oracle.same(left, right)
    assert same(Decimal("10.00"), 10) and different(Decimal("0.1"), Decimal("0.10000000149011612"))
    assert different(True, 1) and different(None, 0) and different("1", 1)
    assert same("2024-01-02T03:04:05+00:00", "2024-01-02T05:04:05.000+02:00")
    assert different("2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05.000001+00:00")
    assert oracle.first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == "a[1].b is 3, wanted 2"
    assert oracle.first_difference({"a": 1}, {}) and oracle.first_difference({}, {"a": None})
    assert oracle.first_difference({"tagIds": [1, 2]}, {"tagIds": [2, 1]}) is None
