#!/usr/bin/python3
"""Runs the end-to-end tests: real Postgres, real OpenSearch, the real flusso binary.

usage: run.py --flusso PATH [--jobs N] [--large] [--list] [--keep] [names…]

A name selects tests whose module or name contains it, or, as F12, those that show this fault (faults.py); --large selects among those that take very long instead (large_*.py). Services: FLUSSO_TEST_PG and FLUSSO_TEST_OS, else dev/up in a
scratch folder. FLUSSO_TEST_SEED repeats a random run; FLUSSO_TEST_LOG sets flusso's log level; FLUSSO_TEST_PATIENCE=3
triples every deadline on a busy machine.
"""

import argparse
import importlib
import os
import secrets
import signal
import sys
import time
import traceback
from pathlib import Path

from faults import FAULTS

HERE = Path(__file__).resolve().parent
DEBIAN_PYTHON = "/usr/bin/python3"  # the one that has psycopg2 and requests
SECONDS_PER_TEST = 420   # a test that may take longer says so in its attribute `seconds`


def discover(names, pattern="test_*.py"):
    """(module name, test name, function) of every selected test: those that may take long first, then in file order."""
    names = [test for name in names for test in (FAULTS[name].tests if name in FAULTS else [name])]
    tests = []
    for path in sorted(HERE.glob(pattern)):
        module = importlib.import_module(path.stem)
        for name, function in vars(module).items():
            if name.startswith("test_") and callable(function):
                if not names or any(wanted in f"{path.stem}.{name}" for wanted in names):
                    tests.append((path.stem, name, function))
    return sorted(tests, key=lambda test: -seconds_of(test[2]))


def seconds_of(function):
    return getattr(function, "seconds", SECONDS_PER_TEST)


class TookTooLong(BaseException):
    """A test hung in spite of the deadlines of its own waits."""


def alarm(_signal, _frame):
    raise TookTooLong("the test did not end in time")


def terminate(_signal, _frame):
    raise KeyboardInterrupt


def run_one(case, function, seconds):
    """Runs one test and undoes it; the failure's text or None, and why it was skipped or None."""
    from harness.case import Skipped

    failure = skipped = None
    signal.alarm(seconds)
    try:
        function(case)
    except KeyboardInterrupt:
        case.close()
        raise
    except Skipped as reason:
        skipped = str(reason)
    except BaseException:
        failure = traceback.format_exc()
    finally:
        signal.alarm(0)
    if failure:
        for deployment in case.deployments:
            failure += f"\n--- end of {deployment.folder.name}/flusso.log\n{deployment.log_tail()}\n"
    try:
        case.close()
    except Exception:
        failure = (failure or "") + f"\nwhile cleaning up:\n{traceback.format_exc()}"
    return failure, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flusso", type=Path, default=HERE.parents[1] / "build/release/bin/flusso", help="the binary under test")
    parser.add_argument("--large", action="store_true", help="the tests that take very long, and only those")
    parser.add_argument("--list", action="store_true", help="print the tests and end")
    parser.add_argument("--keep", action="store_true", help="keep the folders of the tests")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once, each with services of its own")
    parser.add_argument("--queue", type=int, help=argparse.SUPPRESS)  # what --jobs gives each process: see shards.py
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()

    try:
        import psycopg2, requests  # noqa: F401  only to see whether this Python has them
    except ImportError:
        if sys.executable == DEBIAN_PYTHON or not os.path.exists(DEBIAN_PYTHON):
            sys.exit("the end-to-end tests need python3-psycopg2 and python3-requests; run dev/bootstrap")
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, __file__, *sys.argv[1:]])

    sys.path.insert(0, str(HERE))
    from harness.case import Case
    from harness.postgres import DemoStore
    from harness.services import Services
    from harness.wait import patient

    tests = discover(arguments.names, "large_*.py" if arguments.large else "test_*.py")
    if arguments.list:
        print("\n".join(f"{module}.{name}" for module, name, _ in tests))
        return 0
    if not tests:
        sys.exit(f"no test matches {' '.join(arguments.names)}")
    if not os.access(arguments.flusso, os.X_OK):
        sys.exit(f"there is no program {arguments.flusso}; build it (dev/build), or name one with --flusso")
    if arguments.jobs > 1 and len(tests) > 1:
        from harness import shards
        keep = ["--keep"] * arguments.keep + ["--large"] * arguments.large
        return shards.run(__file__, arguments.jobs, len(tests), ["--flusso", str(arguments.flusso), *keep, *arguments.names])
    if arguments.queue is not None:
        from harness import shards
        tests = shards.taken(arguments.queue, tests)

    seed = os.environ.get("FLUSSO_TEST_SEED") or secrets.token_hex(4)
    print(f"seed {seed} (FLUSSO_TEST_SEED={seed} repeats it)", flush=True)
    signal.signal(signal.SIGALRM, alarm)
    signal.signal(signal.SIGTERM, terminate)
    services = Services()
    store = None
    failed, skipped, ran = [], 0, 0
    started = time.monotonic()
    try:
        store = DemoStore(services.pg_url)
        for module, name, function in tests:
            begun, ran = time.monotonic(), ran + 1
            case = Case(name, arguments.flusso.resolve(), services, store, seed, arguments.keep)
            failure, reason = run_one(case, function, int(patient(seconds_of(function))))
            if reason and not failure:
                case.note(reason)
                skipped += 1
            verdict = "FAILED " if failure else "skipped" if reason else "ok     "
            line = f"{verdict} {time.monotonic() - begun:6.1f} s  {module}.{name}"
            print(line + "".join(f"\n            {note}" for note in case.notes), flush=True)
            if failure:
                failed.append(f"{module}.{name}")
                print("\n".join(f"    | {text}" for text in failure.splitlines()), flush=True)
    finally:
        try:
            if store:
                store.close()
        finally:
            services.close()
    for name in failed:
        print(f"failed: {name}")
    print(f"took {time.monotonic() - started:.0f} s")
    if skipped:
        print(f"{skipped} skipped")
    print(f"{ran - len(failed) - skipped} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
