"""Postgres and OpenSearch for the tests: given by the environment, or started through dev/up in a folder of our own.

    FLUSSO_TEST_PG   superuser URL of a Postgres with wal_level=logical
    FLUSSO_TEST_OS   base URL of an OpenSearch node

Tests share that pair; each makes its own database, slot, publication and index prefix in it. A test that stops or kills
a service starts a private one with Stack.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def scratch_folder(name):
    """A new folder that the users `postgres` and `nobody` may walk into, short enough for a Unix socket below it."""
    base = "/tmp" if len(tempfile.gettempdir()) > 30 else tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix=f"flusso-{name}-", dir=base))
    folder.chmod(0o755)
    return folder


class Stack:
    """Services that dev/up started in one data folder; restarting keeps data and ports."""

    def __init__(self, postgres=True, opensearch=True, profile="test", fsync="off", heap=None):
        self.data = scratch_folder("stack")
        self.postgres, self.opensearch = postgres, opensearch
        self.env = {**os.environ, "FLUSSO_DEV_PG_FSYNC": fsync, "FLUSSO_DEV_OS_PROFILE": profile}
        if heap:
            self.env["FLUSSO_DEV_OS_HEAP"] = heap
        self.variables = {}

    def start(self):
        which = []
        if not self.opensearch:
            which = ["--pg-only"]
        elif not self.postgres:
            which = ["--opensearch-only"]
        self._up(*which)
        return self

    def _up(self, *which):
        self._dev("up", *which, "--ports", "auto")
        for line in (self.data / "env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.variables[name] = value

    def _dev(self, command, *arguments):
        run = subprocess.run([ROOT / "dev" / command, *arguments, "--data", self.data], env=self.env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        if run.returncode:
            raise RuntimeError(f"dev/{command} failed with {run.returncode}:\n{run.stdout}")

    @property
    def pg_url(self):
        return with_database(self.variables["DATABASE_URL"], "postgres")

    @property
    def pg_data(self):
        return self.data / "pg" / "data"

    @property
    def os_url(self):
        return self.variables["OPENSEARCH_URL"]

    def start_postgres(self):
        self._up("--pg-only")

    def stop_postgres(self, immediate=False):
        self._dev("down", "--pg-only", *(["--immediate"] if immediate else []))

    def start_opensearch(self):
        self._up("--opensearch-only")

    def stop_opensearch(self):
        self._dev("down", "--opensearch-only")

    def kill_opensearch(self):
        """SIGKILL, as a crash would; start_opensearch recovers the data from the translog."""
        os.kill(self.opensearch_pid(), signal.SIGKILL)
        self.stop_opensearch()

    def opensearch_pid(self):
        wanted = f"path.conf={self.data}/".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if wanted in (entry / "cmdline").read_bytes():
                        return int(entry.name)
                except OSError:
                    continue
        raise RuntimeError("the OpenSearch node of this test does not run")

    def pg_ctl_stop_fast(self, seconds):
        """`pg_ctl stop -m fast`, alone, without the escalation of dev/down. True when the server ended in time."""
        command = pg_program("pg_ctl", "-D", self.pg_data, "-w", "-t", str(seconds), "-m", "fast", "stop")
        return subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def close(self):
        try:
            self._dev("down", "--wipe")
        finally:
            shutil.rmtree(self.data, ignore_errors=True)
            Path(f"{self.data}.lock").unlink(missing_ok=True)


class Services:
    """The shared pair of a whole test run; started at first use, stopped at the end."""

    def __init__(self):
        self._pg = os.environ.get("FLUSSO_TEST_PG")
        self._os = os.environ.get("FLUSSO_TEST_OS")
        self._stack = self._spare = None

    def _start(self):
        if self._stack is None:
            self._stack = Stack(postgres=not self._pg, opensearch=not self._os)
            self._stack.start()

    @property
    def pg_url(self):
        if not self._pg:
            self._start()
            self._pg = self._stack.pg_url
        return self._pg

    @property
    def os_url(self):
        if not self._os:
            self._start()
            self._os = self._stack.os_url
        return self._os.rstrip("/")

    @property
    def spare(self):
        """A second pair that tests may stop, kill and restart; both run when a test gets it."""
        if self._spare is None:
            self._spare = Stack()
        self._spare.start()
        return self._spare

    def close(self):
        for stack in (self._stack, self._spare):
            if stack:
                stack.close()


def pg_program(name, *arguments):
    """The command line of one of Postgres' own programs, which refuse to run as root."""
    command = [Path(os.environ.get("FLUSSO_DEV_PG_BIN", "/usr/lib/postgresql/15/bin")) / name, *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *command]
    return command


def with_database(url, database):
    """The same server, another database."""
    return urllib.parse.urlsplit(url)._replace(path=f"/{database}").geturl()
