"""One flusso process: started, watched, signalled, killed, and measured.

Its log (stderr) and its data stream (stdout) go to files in the test's folder. The process dies with the test runner.
"""

import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import requests

from .wait import TimedOut, until

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Exited(AssertionError):
    """flusso ended although it should run."""


class Flusso:
    """A running `flusso …`. Thread: one."""

    def __init__(self, binary, arguments, folder, environment, name="flusso"):
        self.command = [str(binary), *map(str, arguments)]
        self.log_path, self.out_path = Path(folder) / f"{name}.log", Path(folder) / f"{name}.out"
        with self.log_path.open("ab") as log, self.out_path.open("ab") as out:
            self.log_start, self.out_start = log.tell(), out.tell()
            log.write(f"--- {time.strftime('%H:%M:%S')} {' '.join(self.command)}\n".encode())
            log.flush()
            self.started = time.monotonic()
            self.process = subprocess.Popen(self.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=log, preexec_fn=die_with_parent)
        self.pid = self.process.pid
        self.exit_code = None
        self.usage = None

    def poll(self):
        """The exit code, or None while it runs; a signal is a negative number, as in subprocess."""
        if self.exit_code is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = self.process.returncode = os.waitstatus_to_exitcode(status)
                self.usage = usage
        return self.exit_code

    @property
    def running(self):
        return self.poll() is None

    def check_running(self):
        if not self.running:
            raise Exited(self.end())

    def end(self):
        """How it ended: the exit code and its last lines."""
        return "\n".join([f"flusso ended with {self.exit_code}, and said last:", *self.log().splitlines()[-3:]])

    def wait(self, seconds=30):
        """Waits for the end; the exit code."""
        until(lambda: self.poll() is not None, f"end of flusso (pid {self.pid})", seconds)
        return self.exit_code

    def send(self, number):
        if self.running:
            os.kill(self.pid, number)

    def kill9(self):
        """SIGKILL; returns as soon as the process is gone."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
            _, status, self.usage = os.wait4(self.pid, 0)
            self.exit_code = self.process.returncode = os.waitstatus_to_exitcode(status)

    def stop(self, seconds=30):
        """SIGTERM, and the end as it should be: within the promised 30 s, without an error."""
        self.check_running()
        self.send(signal.SIGTERM)
        assert self.wait(seconds) == 0, self.end()

    def close(self):
        if self.running:
            self.kill9()

    def log(self):
        """What this process wrote to stderr."""
        with self.log_path.open("rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def out(self):
        """What this process wrote to stdout."""
        with self.out_path.open("rb") as file:
            file.seek(self.out_start)
            return file.read().decode(errors="replace")

    def output(self):
        return self.log() + self.out()

    def wait_log(self, pattern, seconds=30):
        """Waits until the log matches; the match. The end of flusso ends the wait."""

        def look():
            found = re.search(pattern, self.log(), re.M | re.I)
            if not found:
                self.check_running()
            return found

        return until(look, f"/{pattern}/ in flusso's log", seconds)

    def address(self):
        """IP:port of its public surface, which deployments put on a free port; from the log."""
        return self.wait_log(r"serving /healthz.* address=(\S+)").group(1)

    def get(self, path, method="GET", **options):
        """One request to the public surface; requests' answer."""
        return requests.request(method, f"http://{self.address()}{path}", timeout=10, **options)

    def ready(self):
        """What /readyz answers: 200 or 503."""
        return self.get("/readyz").status_code

    def status(self):
        """What /status says, parsed; keys in their order."""
        answer = self.get("/status")
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json", answer.headers
        return answer.json()

    def wait_status(self, check, what, seconds=30):
        """Waits until check(status) holds; the status."""
        seen = {}

        def look():
            self.check_running()
            seen["status"] = self.status()
            return check(seen["status"])

        until(look, lambda: f"{what}, the status is {seen.get('status')}", seconds)
        return seen["status"]

    def peak_rss_mib(self):
        """The largest resident set so far, in MiB."""
        if self.usage is not None:
            return self.usage.ru_maxrss / 1024
        return _status_kib(self.pid, "VmHWM") / 1024

    def cpu_seconds(self):
        if self.usage is not None:
            return self.usage.ru_utime + self.usage.ru_stime
        return cpu_seconds(self.pid)


def _status_kib(pid, key):
    found = re.search(rf"^{key}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found.group(1)) if found else 0


def cpu_seconds(pid):
    """User and system time of a process and the children it has waited for; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


__all__ = ["Exited", "Flusso", "TimedOut", "cpu_seconds", "die_with_parent"]
