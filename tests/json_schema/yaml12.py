"""YAML as flusso reads it, a second time and from PyYAML's events: the 1.2 core schema, except that leading zeros make a
string; no duplicate keys, no second document, no tags but the core ones, aliases bounded. Raises Refused for the rest.
"""
import re

import yaml

MAX_NODES = 200_000
MAX_DEPTH = 200
CORE = "tag:yaml.org,2002:"


class Refused(Exception):
    """The text is no document."""


class Scalar:
    """A scalar as (kind, text); numbers keep their digits."""

    def __init__(self, kind, text):
        self.kind, self.text = kind, text

    def value(self):
        if self.kind == "null":
            return None
        if self.kind == "bool":
            return self.text == "true"
        if self.kind == "number":
            return int(self.text) if re.fullmatch("-?[0-9]+", self.text) else float(self.text)
        return self.text


NUMBER = re.compile(r"([-+]?)(?:([0-9]+)(\.([0-9]*))?|(\.)([0-9]+))(?:[eE]([-+]?)([0-9]+))?")


def resolve(text):
    """What an unquoted scalar means."""
    if text in ("", "~", "null", "Null", "NULL"):
        return Scalar("null", "")
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return Scalar("bool", text.lower())
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return Scalar("refused", text)
    for prefix, digits, base in (("0o", "[0-7]+", 8), ("0x", "[0-9a-fA-F]+", 16)):
        if text.startswith(prefix) and re.fullmatch(digits, text[2:]):
            number = int(text[2:], base)
            return Scalar("number", str(number)) if number < 2**64 else Scalar("refused", text)
    match = NUMBER.fullmatch(text)
    if not match:
        return Scalar("string", text)
    sign, whole, point, fraction, _, bare_fraction, power_sign, power = match.groups()
    if whole and len(whole) > 1 and whole.startswith("0"):
        return Scalar("string", text)
    minus = "-" if sign == "-" else ""
    if point is None and bare_fraction is None and power is None:
        fits = -(2**63) <= int(minus + whole) < 2**63
        return Scalar("number", str(int(minus + whole)) if fits else minus + whole)
    digits = minus + (whole or "0")
    if fraction or bare_fraction:
        digits += "." + (fraction or bare_fraction)
    if power is not None:
        digits += "e" + ("-" if power_sign == "-" else "") + power
    return Scalar("number", digits)


def has_kind(node, kind):
    if kind == "seq":
        return isinstance(node, list)
    if kind == "map":
        return isinstance(node, dict)
    if not isinstance(node, Scalar):
        return False
    if kind in ("null", "bool"):
        return node.kind == kind
    return node.kind == "number" and (kind == "float" or not re.search("[.e]", node.text))


def core_tag(tag):
    if tag in (None, "!"):
        return None
    name = tag[len(CORE):] if tag.startswith(CORE) else ""
    if name not in ("int", "float", "bool", "null", "seq", "map", "str"):
        raise Refused(f"tag {tag}")
    return name


def size_and_depth(node):
    if isinstance(node, Scalar):
        return 1, 1
    parts = [size_and_depth(item) for item in (node if isinstance(node, list) else node.values())]
    return 1 + sum(size for size, _ in parts), 1 + max((depth for _, depth in parts), default=0)


class Builder:
    def __init__(self, events):
        self.events = events
        self.anchors = {}
        self.nodes = 0

    def take(self):
        return next(self.events)

    def count(self, nodes):
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise Refused("too many values")

    def keep(self, event, node):
        self.count(1)
        if event.anchor is not None:
            self.count(size_and_depth(node)[0])
            self.anchors[event.anchor] = node
        return node

    def node(self, event, depth, as_key=False):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise Refused("alias")
            copy = self.anchors[event.anchor]
            size, deep = size_and_depth(copy)
            self.count(size)
            if depth + deep > MAX_DEPTH:
                raise Refused("depth")
            return copy
        if isinstance(event, yaml.ScalarEvent):
            if event.tag in ("!", CORE + "str") or (event.tag is None and not event.implicit[0]):
                return self.keep(event, Scalar("string", event.value))
            kind = core_tag(event.tag)
            scalar = resolve(event.value)
            if scalar.kind == "refused" and not as_key:
                raise Refused("number without a form in JSON")
            if kind is not None and not has_kind(scalar, kind):
                raise Refused("tag and value")
            if as_key:
                scalar = Scalar("string", "null" if scalar.kind == "null" else event.value)
            return self.keep(event, scalar)
        kind = core_tag(event.tag)
        node = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        if kind is not None and not has_kind(node, kind):
            raise Refused("tag and value")
        if as_key:
            raise Refused("key")
        if depth >= MAX_DEPTH:
            raise Refused("depth")
        while not isinstance(event_inside := self.take(), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            if isinstance(node, list):
                node.append(self.node(event_inside, depth + 1))
                continue
            key = self.node(event_inside, depth + 1, as_key=True)
            if not isinstance(key, Scalar) or key.kind != "string":
                raise Refused("key")
            if key.text in node:
                raise Refused("duplicate key")
            node[key.text] = self.node(self.take(), depth + 1)
        return self.keep(event, node)


def parse(data):
    """The tree of a document: dicts, lists and Scalars; Scalar null for an empty text."""
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Refused(error) from error
    if "\0" in text:
        raise Refused("NUL")
    root = None
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        builder = Builder(events)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise Refused("second document")
                root = builder.node(builder.take(), 0)
    except (yaml.YAMLError, RecursionError) as error:
        raise Refused(error) from error
    return root if root is not None else Scalar("null", "")


def values(tree):
    """The tree as JSON values."""
    if isinstance(tree, Scalar):
        return tree.value()
    if isinstance(tree, list):
        return [values(item) for item in tree]
    return {key: values(item) for key, item in tree.items()}


def marked(tree):
    """The tree with every scalar as "kind:text", as loader_verdicts --trees prints it."""
    if isinstance(tree, Scalar):
        return f"{tree.kind}:{tree.text}"
    if isinstance(tree, list):
        return [marked(item) for item in tree]
    return {key: marked(item) for key, item in tree.items()}
