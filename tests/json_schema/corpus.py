"""The corpus, its rules, and both judges: the loader and the JSON Schemas."""
import datetime
import json
import re
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import yaml
import yaml12

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "corpus"
SCHEMAS = ROOT / "io" / "config" / "json_schema"


def ecma_pattern(validator, pattern, instance, schema):
    """`pattern` as JSON Schema means it: $ is the end of the text, never a place before a last line break."""
    if validator.is_type(instance, "string") and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


Validator = jsonschema.validators.extend(jsonschema.Draft7Validator, {"pattern": ecma_pattern})


class NoJson:
    """A value of TOML that JSON does not have."""


class Rule:
    def __init__(self, name):
        self.name, self.says, self.syntax, self.beyond = name, [], False, ""


def read_rules():
    rules = []
    for line in (CORPUS / "rules.txt").read_text().splitlines():
        if line.startswith("["):
            rules.append(Rule(line[1:-1]))
        elif line.startswith("says: "):
            rules[-1].says.append(re.compile(line[6:], re.DOTALL))
        elif line.startswith("beyond: "):
            rules[-1].beyond = line[8:]
        elif line == "syntax":
            rules[-1].syntax = True
    return rules


class Rules:
    def __init__(self):
        self.all = read_rules()

    def of(self, message):
        for rule in self.all:
            if any(says.match(message) for says in rule.says):
                return rule
        raise AssertionError(f"no rule in tests/corpus/rules.txt says: {message}")


class Schemas:
    """What `flusso schema` prints, as judges of files."""

    def __init__(self, config_text, index_text):
        self.config = json.loads(config_text)
        self.index = yaml.safe_load(index_text)
        self.config_validator = Validator(self.config)
        self.index_validator = Validator(self.index)

    def refuses(self, path):
        """Whether the file is refused, and by what: "syntax" or "schema"; None when it is accepted."""
        if path.suffix != ".toml":
            return self.refuses_index(path)
        try:
            tree = json_values(tomllib.loads(path.read_bytes().decode("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            return "syntax"
        if not self.config_validator.is_valid(tree):
            return "schema"
        # A deployment is its configuration and the schema files that it names.
        for index in tree.get("index", []):
            schema = path.parent / index["schema"]
            if schema.is_file() and (refused := self.refuses_index(schema)):
                return refused
        return None

    def refuses_index(self, path):
        try:
            tree = yaml12.values(yaml12.parse(path.read_bytes()))
        except yaml12.Refused:
            return "syntax"
        return None if self.index_validator.is_valid(tree) else "schema"


def json_values(value):
    if isinstance(value, dict):
        return {key: json_values(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_values(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return NoJson()
    return value


def ask_loader(binary, paths, *options):
    """One JSON value per path."""
    asked = "".join(f"{path}\n" for path in paths)
    done = subprocess.run([binary, *options], input=asked, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths), f"{len(paths)} files, {len(lines)} answers"
    return [json.loads(line) for line in lines]


def files(folder):
    """The files of the corpus below `folder` that are judged by themselves."""
    found = [path for path in sorted((CORPUS / folder).rglob("*")) if path.suffix in (".yml", ".toml")]
    # Beside the configurations lie the schema files that they name.
    return [path for path in found if folder != "bad" or path.with_name(path.name.split(".")[0] + ".expected").exists()]
