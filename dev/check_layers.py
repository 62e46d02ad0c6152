#!/usr/bin/python3
"""Checks the layers: who may include whom, and which folder owns which third-party headers. Exit 1 lists every violation.

Includes are rooted ("io/pg/conn.h"), so the first segment of a path is its layer. The tables below are the rules; the
picture and the reasons are in docs/architecture.md.
"""
import re
import sys
from pathlib import Path

ALLOWED = {
    "model": {"model"},
    "stages": {"model", "stages"},
    "io": {"model", "io"},
    "pipeline": {"model", "stages", "pipeline"},
    "cli": {"model", "stages", "io", "pipeline", "cli"},
    "query": {"query"},   # linked by users: knows nothing of the rest
}
# Inside io/ every folder stands alone, except for these.
IO_EDGES = {"opensearch": {"http"}, "telemetry": {"http"}}
# Third-party headers: only these folders (and tests/ and bench/, which are not checked) may include them.
OWNERS = {
    "fmt/": ("model/", "stages/", "io/", "pipeline/", "cli/"),
    "tl/": ("model/",),
    "openssl/": ("model/",),
    "tbb/": ("pipeline/",),
    "oneapi/": ("pipeline/",),
    "libpq": ("io/pg/",),
    "postgres_ext.h": ("io/pg/",),
    "curl/": ("io/http/", "query/"),
    "microhttpd.h": ("io/surfaces/",),
    "toml++/": ("io/config/",),
    "yaml-cpp/": ("io/config/",),
    "msgpack": ("io/config/",),
    "prometheus/": ("io/telemetry/",),
    "spdlog/": ("io/telemetry/",),
    "simdjson": ("io/opensearch/",),
    "nlohmann/": ("io/", "query/"),
    "CLI/": ("cli/",),
    "zlib.h": ("io/",),
    "boost/": (),
    "gtest/": (),
    "gmock/": (),
    "benchmark/": (),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def violations(root):
    for layer, allowed in ALLOWED.items():
        for path in sorted(p for p in (root / layer).rglob("*") if p.suffix in (".h", ".hpp", ".cpp", ".cc", ".c")):
            rel = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                for complaint in check(layer, allowed, rel, *match.groups()):
                    yield f"{rel}:{number}: {complaint}"


def check(layer, allowed, rel, quote, target):
    for prefix, homes in OWNERS.items():
        if target.startswith(prefix):   # in quotes too: the owner rule is not to be dodged
            if not rel.startswith(homes):
                where = ", ".join(homes) if homes else "tests/ and bench/"
                yield f"includes <{target}>, which belongs to {where}"
            return
    if quote == "<":
        return
    first = target.split("/")[0]
    if first not in ALLOWED and first not in ("tests", "bench"):
        yield f'includes "{target}": our own headers are included from the root of the repository, third parties with <>'
    elif first not in allowed:
        yield f'includes "{target}": {layer}/ may include {", ".join(sorted(a + "/" for a in allowed))} only'
    elif layer == "io" and first == "io":
        own, other = rel.split("/")[1], target.split("/")[1]
        if own != other and other not in IO_EDGES.get(own, ()):
            edges = ", ".join(f"io/{edge}/" for edge in sorted(IO_EDGES.get(own, ()))) or "none"
            yield f'includes "{target}": of the other folders in io/, io/{own}/ may include {edges}'


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = list(violations(root))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} layer violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
