"""The stdout sink and several sinks at once."""

import json
import re

from harness.opensearch import OpenSearch, parse
from harness import oracle
from harness.wait import until


def envelopes(flusso):
    """What was printed so far: every complete line must be one JSON object."""
    return [parse(line) for line in flusso.out().split("\n")[:-1]]


def latest(lines):
    """{(index, id): last envelope}."""
    return {(line["index"], line["id"]): line for line in lines}


def check_envelope(line):
    keys = {"id", "index", "op", "seq", "sink", "ts", "version"}
    if line["op"] == "upsert":
        keys |= {"document", "meta"}
        assert line["meta"].keys() == {"bytes", "fields"} and line["meta"]["fields"] == len(line["document"])
        assert line["meta"]["bytes"] > 2
    else:
        assert line["op"] == "delete"
    assert line.keys() == keys, f"{sorted(line)} instead of {sorted(keys)}"
    assert isinstance(line["id"], str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])


def assert_stdout_exact(demo, lines):
    """The last word on every id is the source's."""
    last = latest(lines)
    for name in demo.active():
        wanted = oracle.expected(demo.database.url, demo.queries[name])
        found = {key: line["document"] for (index, key), line in last.items() if index == name and line["op"] == "upsert"}
        assert found.keys() == wanted.keys(), f"{name}: {sorted(found.keys() ^ wanted.keys())[:5]}"
        for key, document in wanted.items():
            assert not oracle.first_difference(document, found[key]), f"{name}/{key}: {oracle.first_difference(document, found[key])}"


def test_without_a_sink_every_document_is_printed_as_an_envelope(case):
    demo = case.demo(1)
    demo.sinks = ""
    flusso = demo.start()
    wanted = sum(len(oracle.expected(demo.database.url, demo.queries[name])) for name in demo.active())
    until(lambda: flusso.check_running() or len([e for e in envelopes(flusso) if e["op"] == "upsert"]) >= wanted,
          lambda: f"{wanted} envelopes, there are {len(envelopes(flusso))}", 60)
    demo.database.sql("update users set full_name = E'two\\nlines', deleted = false where id = 1")
    demo.database.sql("delete from orders where id = 3")
    demo.wait_confirmed(flusso)
    lines = envelopes(flusso)
    for line in lines:
        check_envelope(line)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert {line["sink"] for line in lines} == {"stdout"}
    assert latest(lines)["users", "1"]["document"]["fullName"] == "two\nlines"
    assert latest(lines)["orders", "3"]["op"] == "delete"
    assert_stdout_exact(demo, lines)
    flusso.stop()


def test_a_pretty_stdout_sink_prints_several_lines_per_document(case):
    demo = case.demo(1)
    demo.sinks = '[sinks.audit]\ntype = "stdout"\npretty = true\n'
    flusso = demo.start()
    until(lambda: flusso.check_running() or flusso.out().count('"op"') >= 100, "a hundred documents", 60)
    flusso.stop()
    decoder, text, at, count = json.JSONDecoder(), flusso.out(), 0, 0
    while at < len(text):
        envelope, at = decoder.raw_decode(text, at)
        check_envelope(envelope)
        at += len(text[at:]) - len(text[at:].lstrip())
        count += 1
    assert count >= 100 and text.count("\n") > 5 * count


def test_stdout_beside_opensearch_prints_every_change_and_never_seeds_again(case):
    demo = case.demo(1)
    demo.sinks = (f'[sinks.primary]\ntype = "opensearch"\nurl = "{demo.opensearch.url}"\nnumber_of_replicas = 0\n\n'
                  '[sinks.audit]\ntype = "stdout"\n')
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    demo.database.sql("update tags set name = name || '!'")
    demo.wait_confirmed(flusso)
    demo.assert_exact()
    flusso.stop()
    renamed = [line for line in envelopes(flusso) if line["index"] == "products" and line["op"] == "upsert"
               and any(tag["name"].endswith("!") for tag in line["document"]["tags"])]
    assert renamed, "the change of the tags was not printed"
    flusso = demo.start()
    demo.database.sql("update users set full_name = 'after the restart', deleted = false where id = 1")
    demo.wait_confirmed(flusso)
    again = envelopes(flusso)
    assert latest(again)["users", "1"]["document"]["fullName"] == "after the restart"
    assert len(again) < 100, "a restart printed everything again beside a seeded OpenSearch"


def test_two_opensearch_sinks_both_get_everything_also_when_one_was_away(case):
    spare = case.services.spare
    demo = case.demo(3)
    second = OpenSearch(spare.os_url, demo.prefix)
    case.own(second, "remove_all")
    demo.sinks = (f'[sinks.primary]\ntype = "opensearch"\nurl = "{demo.opensearch.url}"\nnumber_of_replicas = 0\n\n'
                  f'[sinks.second]\ntype = "opensearch"\nurl = "{second.url}"\nnumber_of_replicas = 0\n')
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    assert_second_exact(demo, second)
    spare.kill_opensearch()
    demo.database.sql("update users set full_name = 'one sink is away', deleted = false where id <= 50")
    # A dead sink must not keep documents from the healthy one.
    demo.wait_document(flusso, "users", 50, lambda document: document and document["fullName"] == "one sink is away", 30)
    demo.database.sql("update users set full_name = 'still away' where id <= 50")
    demo.wait_document(flusso, "users", 50, lambda document: document["fullName"] == "still away", 30)
    spare.start_opensearch()
    demo.settle_and_compare(flusso)
    assert_second_exact(demo, second)


def assert_second_exact(demo, second):
    for name in demo.active():
        difference = oracle.compare(second, name, demo.database.url, demo.queries[name])
        assert not difference, difference.text()


def test_a_sink_that_is_added_later_is_seeded_alone(case):
    spare = case.services.spare
    demo = case.demo(3)
    flusso = demo.start()
    demo.settle_and_compare(flusso)
    flusso.stop()
    generations = [demo.opensearch.generation(name) for name in demo.active()]
    second = OpenSearch(spare.os_url, demo.prefix)
    case.own(second, "remove_all")
    demo.sinks = (f'[sinks.primary]\ntype = "opensearch"\nurl = "{demo.opensearch.url}"\nnumber_of_replicas = 0\n\n'
                  f'[sinks.second]\ntype = "opensearch"\nurl = "{second.url}"\nnumber_of_replicas = 0\n')
    flusso = demo.start()
    until(lambda: flusso.check_running() or all(second.seeded(name) for name in demo.active()), "the second sink seeded", 60)
    demo.settle_and_compare(flusso)
    assert_second_exact(demo, second)
    assert generations == [demo.opensearch.generation(name) for name in demo.active()]
