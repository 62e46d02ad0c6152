#!/usr/bin/python3
"""Prints the figures that flusso is measured by, on a Postgres and an OpenSearch of its own.

usage: bench/run.py seed-accept|seed-opensearch|live|throughput|backlog|relations|all [--workers N] [--size F] [--rounds N]

See bench/README.md. Nothing here is a timed test: a missed target is printed and the exit code stays 0, but a document that is
missing or stale ends the run with 1.
"""

import argparse
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="+", metavar="scenario", choices=["seed-accept", "seed-opensearch", "live", "throughput", "backlog", "relations", "all"])
    parser.add_argument("--flusso", type=Path, default=ROOT / "build/release/bin/flusso")
    parser.add_argument("--tools", type=Path, help="folder of bench_accept_all and bench_post_bodies (default: beside flusso)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--size", type=float, default=1.0, help="1 is 200 000 flat and 50 000 deep documents")
    parser.add_argument("--shape", choices=["flat", "deep"], help="of seed-opensearch: one of the two")
    parser.add_argument("--rounds", type=int, default=4, help="repetitions of the seeds")
    parser.add_argument("--live-seconds", type=float, default=30.0)
    parser.add_argument("--fsync", choices=["on", "off"], default="on", help="of Postgres")
    parser.add_argument("--heap", default="2g", help="of OpenSearch")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    arguments = parser.parse_args()
    arguments.flusso = arguments.flusso.resolve()
    arguments.tools = (arguments.tools or arguments.flusso.parent).resolve()
    for program in (arguments.flusso, arguments.tools / "bench_accept_all", arguments.tools / "bench_post_bodies"):
        if not program.exists():
            sys.exit(f"there is no program {program}; build it with dev/build")

    from report import Report
    from scenarios import SCENARIOS, Bench

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrupted"))
    chosen = list(SCENARIOS) if "all" in arguments.scenarios else arguments.scenarios
    report = Report(arguments)
    bench = Bench(arguments, report)
    try:
        for name in chosen:
            SCENARIOS[name](bench)
    finally:
        bench.close()
        report.finish(arguments.json)


if __name__ == "__main__":
    main()
