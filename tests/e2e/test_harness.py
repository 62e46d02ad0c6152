"""The comparison itself: it must accept an exact index and see one missing, one extra and one stale document."""

import json
import re
from decimal import Decimal
from pathlib import Path

from faults import FAULTS
from harness import oracle
from harness.case import Case
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


def test_every_fault_of_the_source_has_a_test_and_every_test_named_for_one_exists(_case):
    found = {path.stem: set(re.findall(r"^def (test_\w+)", path.read_text(), re.M)) for path in Path(__file__).parent.glob("test_*.py")}
    assert list(FAULTS) == [f"F{number}" for number in range(12, 40)]
    for name, fault in FAULTS.items():
        assert fault.what and fault.tests, f"{name} has no test"
        for named in fault.tests:
            module, _, test = named.partition(".")
            assert test in found.get(module, ()), f"{name} ({fault.what}) names {named}, which does not exist"


def test_a_test_that_cannot_run_here_says_why_and_counts_neither_as_passed_nor_as_failed(case):
    from run import run_one

    def cannot(inner):
        inner.skip("no such server")

    def needs(inner):
        inner.need_postgres(99, "what comes then")

    def runs(inner):
        inner.need_postgres(14, "what is there")

    verdicts = [run_one(Case("inner", case.binary, case.services, case.store, case.seed, False), test, 60) for test in (cannot, needs, runs)]
    assert [failure for failure, _ in verdicts] == [None] * 3
    assert verdicts[0][1] == "no such server" and "needs Postgres 99 (what comes then)" in verdicts[1][1] and verdicts[2][1] is None
