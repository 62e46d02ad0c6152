"""Runs the tests in several processes at once, each with services of its own: they wait more than they work. Who is done with
one takes the next. What they print comes through line by line; the last line sums them up."""

import os
import re
import signal
import struct
import subprocess
import sys
import threading

NUMBER = struct.Struct("H")  # of a test; a pipe holds 32 768 of them
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$")
SKIPPED = re.compile(r"^(\d+) skipped$")


def taken(queue, tests):
    """The tests that this process takes, one after another, from the pipe `queue` of their numbers."""
    while number := os.read(queue, NUMBER.size):
        yield tests[NUMBER.unpack(number)[0]]


def run(script, jobs, count, arguments):
    """Runs `script` once per job with the arguments; together they take `count` tests. The exit code of all together."""
    queue, numbers = os.pipe()
    os.write(numbers, b"".join(NUMBER.pack(number) for number in range(count)))
    os.close(numbers)
    environment = {name: value for name, value in os.environ.items() if name not in ("FLUSSO_TEST_PG", "FLUSSO_TEST_OS")}
    shards = [subprocess.Popen([sys.executable, script, "--queue", str(queue), *arguments], env=environment, text=True,
                               pass_fds=(queue,), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(jobs)]
    os.close(queue)

    def end(_signal, _frame):
        for shard in shards:
            shard.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    results, skipped, lock = [], [], threading.Lock()

    def follow(shard):
        block = []
        for line in shard.stdout:
            found, fewer = SUMMARY.match(line), SKIPPED.match(line)
            with lock:
                if fewer:
                    skipped.append(int(fewer.group(1)))
                    continue
                if found:
                    results.append((int(found.group(1)), int(found.group(2))))
                    continue
                # A test's own lines stay together: they follow its first one, indented.
                if block and not line.startswith(" "):
                    print("".join(block), end="", flush=True)
                    block.clear()
                block.append(line)
        with lock:
            print("".join(block), end="", flush=True)

    followers = [threading.Thread(target=follow, args=(shard,)) for shard in shards]
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join()
    codes = [shard.wait() for shard in shards]
    lost = jobs - len(results)
    if lost:
        print(f"{lost} of {jobs} processes ended without a summary")
    passed, failed = sum(ok for ok, _ in results), sum(bad for _, bad in results) + lost
    if skipped:
        print(f"{sum(skipped)} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or any(codes) else 0
