#!/usr/bin/python3
"""Holds `flusso schema` against the loader: both accept and refuse the same files, as far as draft-07 can say it.

usage: tests/json_schema/run.py [--bin FOLDER] [NAME]...   runs the tests whose names contain one of the words
FLUSSO_TEST_SEED repeats the random changes of an earlier run; FLUSSO_TEST_ROUNDS says how many.
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
import traceback
from pathlib import Path

import corpus
import jsonschema
import mutate
import yaml12


class Case:
    def __init__(self, folder):
        self.flusso = folder / "flusso"
        self.loader = folder / "loader_verdicts"
        self.rules = corpus.Rules()
        self.schemas = corpus.Schemas(self.printed("config"), self.printed("index"))

    def run(self, *arguments, **variables):
        environment = {key: value for key, value in os.environ.items() if key != "FLUSSO_SCHEMA"} | variables
        return subprocess.run([self.flusso, "schema", *arguments], capture_output=True, text=True, env=environment)

    def printed(self, which):
        done = self.run(which)
        assert done.returncode == 0, done.stderr
        return done.stdout


def relative(path):
    return path.relative_to(corpus.CORPUS)


# --- what is printed


def test_the_embedded_files_are_printed(case):
    for which, name in (("config", "config.schema.json"), ("index", "index.schema.yml")):
        text = case.printed(which)
        assert text == (corpus.SCHEMAS / name).read_text().rstrip() + "\n", which


def test_the_variable_stands_in_for_the_argument(case):
    assert case.run(FLUSSO_SCHEMA="index").stdout == case.printed("index")
    assert case.run("config", FLUSSO_SCHEMA="index").stdout == case.printed("config")


def test_another_or_no_word_is_a_usage_error(case):
    for arguments in ((), ("table",), ("config", "index")):
        done = case.run(*arguments)
        assert done.returncode == 2 and done.stdout == "", arguments
        assert done.stderr, arguments


# --- what an editor finds in it


def test_both_are_valid_draft_07_schemas(case):
    for schema in (case.schemas.config, case.schemas.index):
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        jsonschema.Draft7Validator.check_schema(schema)


def test_every_key_has_a_title(case):
    for root in (case.schemas.config, case.schemas.index):
        for name, title in described_keys(root, root, []):
            assert title, f"{name} has neither a title nor a description"


def described_keys(schema, root, found):
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "additionalProperties" in schema or schema is root:
            for name, inside in schema.get("properties", {}).items():
                target = inside
                while "$ref" in target and not target.keys() & {"title", "description"}:
                    target = root["definitions"][target["$ref"].rsplit("/", 1)[1]]
                parts = [target, *target.get("allOf", [])]
                parts += [root["definitions"][part["$ref"].rsplit("/", 1)[1]] for part in parts if "$ref" in part]
                found.append((name, any(part.keys() & {"title", "description"} for part in parts)))
        for inside in schema.values():
            described_keys(inside, root, found)
    elif isinstance(schema, list):
        for inside in schema:
            described_keys(inside, root, found)
    return found


def test_patterns_are_those_that_every_validator_knows(case):
    for text in (json.dumps(case.schemas.config), json.dumps(case.schemas.index)):
        patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', text)
        assert len(patterns) > 8
        for pattern in map(json.loads, patterns):
            assert not re.search(r"\(\?[=!<]|\\[dwsbpPAZz]", pattern), pattern
            re.compile(pattern)


# --- the corpus


def test_yaml_means_the_same_to_both(case):
    paths = [path for path in corpus.files("good") + corpus.files("bad") if path.suffix == ".yml"]
    assert len(paths) > 200
    for path, seen in zip(paths, corpus.ask_loader(case.loader, paths, "--trees")):
        try:
            tree = yaml12.marked(yaml12.parse(path.read_bytes()))
        except yaml12.Refused:
            tree = None
        assert tree == seen, f"{relative(path)}\n  here   {tree}\n  loader {seen}"


def test_good_files_are_accepted(case):
    paths = corpus.files("good")
    assert len(paths) > 50
    for path, verdict in zip(paths, corpus.ask_loader(case.loader, paths)):
        assert verdict["errors"] == [], relative(path)
        assert case.schemas.refuses(path) is None, f"{relative(path)}: {why(case, path)}"


def why(case, path):
    """The likeliest complaint, for a failure's message."""
    if path.suffix != ".toml":
        return complaint(case.schemas.index_validator, yaml12.values(yaml12.parse(path.read_bytes())))
    tree = tomllib.loads(path.read_text())
    if found := complaint(case.schemas.config_validator, tree):
        return found
    schemas = [path.parent / index["schema"] for index in tree.get("index", [])]
    return next(filter(None, (why(case, schema) for schema in schemas if schema.is_file())), None)


def complaint(validator, tree):
    best = jsonschema.exceptions.best_match(validator.iter_errors(tree))
    return best and f"{list(best.absolute_path)}: {best.message}"


def test_bad_files_are_refused_unless_draft_07_cannot_say_why(case):
    paths = corpus.files("bad")
    assert len(paths) > 250
    beyond = collections.Counter()
    wrong = []
    for path, verdict in zip(paths, corpus.ask_loader(case.loader, paths)):
        rules = [case.rules.of(message) for message in verdict["errors"]]
        assert rules, f"{relative(path)} loads"
        refused = case.schemas.refuses(path)
        if any(rule.syntax for rule in rules):
            if refused != "syntax":
                wrong.append(f"{relative(path)} is no document, yet it was parsed")
        elif all(rule.beyond for rule in rules):
            beyond.update(rule.name for rule in rules)
            if refused:
                wrong.append(f"{relative(path)} is marked as beyond draft-07, yet it is refused: {why(case, path)}")
        elif refused != "schema":
            wrong.append(f"{relative(path)} is accepted; the loader says: {verdict['errors']}")
    assert not wrong, "\n".join(wrong)
    unseen = [rule.name for rule in case.rules.all if rule.beyond and rule.name not in beyond]
    assert not unseen, f"beyond draft-07, but without a file that breaks this rule alone: {unseen}"


# --- random files


def small_schema(chance, tree):
    """A few fields of a good schema: small files are judged fast and differ in one place."""
    tree = json.loads(json.dumps(tree))
    tree["fields"] = chance.sample(tree["fields"], min(len(tree["fields"]), chance.randint(1, 3)))
    return tree


def test_changed_files_are_judged_alike(case):
    seed = os.environ.get("FLUSSO_TEST_SEED") or f"{random.getrandbits(32):08x}"
    rounds = int(os.environ.get("FLUSSO_TEST_ROUNDS", "4000"))
    print(f"  FLUSSO_TEST_SEED={seed}")
    chance = random.Random(int(seed, 16))
    good = corpus.files("good")
    schemas = [yaml12.values(yaml12.parse(path.read_bytes())) for path in good if path.suffix == ".yml"]
    configs = [tomllib.loads(path.read_text()) for path in good if path.suffix == ".toml"]
    allowed, accepted, wrong = collections.Counter(), 0, []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.yml").write_text("version: 1\ntable: t\nfields: [ { keyword: a } ]\n")
        paths = [changed_file(chance, Path(folder), number, schemas, configs) for number in range(rounds)]
        for path, verdict in zip(paths, corpus.ask_loader(case.loader, paths)):
            refused = case.schemas.refuses(path)
            if not refused and verdict["errors"]:
                rules = [case.rules.of(message) for message in verdict["errors"]]
                if all(rule.beyond for rule in rules):
                    allowed.update(rule.name for rule in rules)
                    continue
            if bool(refused) != bool(verdict["errors"]):
                side = f"the schema says {why(case, path)}" if refused else f"the loader says {verdict['errors']}"
                wrong.append(f"{path.read_text()}\n    {side}")
            accepted += not refused
    print(f"  {rounds} files, {accepted} accepted by both; beyond draft-07: {dict(sorted(allowed.items()))}")
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:20])
    assert rounds // 20 < accepted < rounds * 19 // 20, "the changes are too weak or too strong to tell anything"


def changed_file(chance, folder, number, schemas, configs):
    if chance.random() < 0.7:
        tree = small_schema(chance, chance.choice(schemas))
        path, text_of = folder / f"{number}.schema.yml", mutate.yaml_text
    else:
        tree = json.loads(json.dumps(chance.choice(configs)))
        for index in tree.get("index", []):
            index["schema"] = "x.yml"
        path, text_of = folder / f"{number}.toml", mutate.toml_text
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutate.mutate(chance, tree)
    path.write_text(text_of(tree))
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, default=corpus.ROOT / "build" / "release" / "bin")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    case = Case(given.bin)
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (given.names and not any(word in name for word in given.names)):
            continue
        try:
            test(case)
            passed += 1
            print(f"ok      {name}")
        except Exception:  # a test that dies has failed; the others still run
            failed += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
