"""Random structural changes to good files: keys dropped, renamed and added, values retyped, copied, doubled."""
import copy
import json

WORDS = (
    "version table schema primary_key doc_id soft_delete filters fields column field when raw op value required options "
    "transforms default variants postgres opensearch lat lon values through left_key right_key foreign_key order_by "
    "direction limit value_type element_type type text identifier keyword enum uuid boolean short integer long float "
    "double decimal date timestamp binary json custom geo object map belongs_to has_one has_many many_to_many count sum "
    "avg min max ids constant source sinks index on_error prefix server connection_url manage_publication spill_dir on_slot_lost wal_warning_mib heartbeat_secs reseed host port user "
    "password database env url username tls_verify batch_size max_bytes timeout_secs max_retries pipeline "
    "number_of_shards number_of_replicas refresh_interval text_analysis auto_subfields pretty name enabled "
    "public_address private_address eq in between is_null asc lowercase stop skip stdout icu nested scaled_float"
).split()
POOL = [
    None, True, False, 0, 1, -1, 5, 65536, 4294967296, 1.5, 2.0, 2**63 - 1, 2**63, "", " ", "x", "X", " Padded ", "1x", "a b",
    "_x", "x" * 64, '"Q q"', '""', '"a""b"', '"a"b"', '"' + "é" * 40 + '"', "a.b", "a => b", "a\nb", "a\0b", "10s", "-1",
    "https://h", "http://:1", "postgres://h/d", "127.0.0.1:0", "[::1]:99999", "/tmp", "x.yml", [], ["x"], ["x", "x"], ["x", "X"],
    ["x", "y"], [1, 2], [None], {}, {"env": "X"}, {"env": ""}, {"a..b": 1}, {"type": "keyword"}, {"column": "a", "op": "is_null"},
    {"keyword": "x"}, {"raw": "a"}, {"table": "t", "left_key": "a", "right_key": "b"},
]  # yapf: disable


def slots(tree, found):
    """Every (container, key) of a tree."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        found.append((tree, key))
        slots(tree[key], found)
    return found


def some_value(random, found):
    if random.random() < 0.4:
        container, key = random.choice(found)
        return copy.deepcopy(container[key])
    if random.random() < 0.3:
        return random.choice(WORDS)
    return copy.deepcopy(random.choice(POOL))


def mutate(random, tree):
    found = slots(tree, [])
    if not found:
        return
    container, key = random.choice(found)
    kind = random.randrange(7)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        name = random.choice(WORDS) if random.random() < 0.7 else key[:-1]
        container[name] = container.pop(key)
    elif kind == 2 and isinstance(container, dict):
        container[random.choice(WORDS)] = some_value(random, found)
    elif kind == 3 and isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    elif kind == 4:
        container[key] = [container[key]]
    elif kind == 5 and isinstance(container[key], list) and container[key]:
        container[key] = container[key][0]
    else:
        container[key] = some_value(random, found)


def yaml_text(tree):
    """JSON is YAML."""
    return json.dumps(tree)


def toml_value(value):
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items() if item is not None]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value if item is not None) + "]"
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return "1e30"
    return json.dumps(value)


def toml_text(tree):
    """One line per top-level key, everything below inline."""
    return "".join(f"{json.dumps(key)} = {toml_value(value)}\n" for key, value in tree.items() if value is not None)
