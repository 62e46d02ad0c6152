"""A hot standby of a server, made with pg_basebackup: it follows, it may be cut off, and it is promoted when the test wants.

It runs as the server's user in a scratch folder of its own and takes the primary's settings, but for the port.
"""

import os
import shutil
import socket
import subprocess
import time

import psycopg2

from .postgres import Database, lsn
from .services import pg_program, scratch_folder
from .wait import until


class Standby:
    """Follows the server at `primary_url` from the start. `settings`: further lines of its postgresql.conf."""

    def __init__(self, primary_url, settings=""):
        self.primary_url = primary_url
        self.folder = scratch_folder("standby")
        self.data = self.folder / "data"
        self.port = _free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("pg_basebackup", "-d", primary_url, "-D", self.data, "-X", "stream", "-c", "fast", "-R", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\nunix_socket_directories = '{self.folder}'\n{settings}\n")
        self.start()

    @property
    def url(self):
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/postgres"

    def database(self, name):
        """The copy of a database of the primary."""
        return Database(self.url, name)

    def start(self):
        self._run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def promote(self):
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def one(self, text):
        connection = psycopg2.connect(self.url, connect_timeout=10)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    def wait_replayed(self, position, seconds=30):
        """Waits until everything up to a position of the primary can be seen here."""
        until(lambda: lsn(self.one("select pg_last_wal_replay_lsn()")) >= position, f"the standby at {position:X}", seconds)

    def cut_off(self):
        """From here on it learns nothing of what the primary does."""
        self.one("alter system set primary_conninfo = ''")
        self.one("select pg_reload_conf()")
        until(lambda: self.one("select count(*) from pg_stat_wal_receiver") == 0, "the standby cut off", 30)

    def close(self):
        try:
            self.stop("immediate")
        except RuntimeError:
            pass  # stopped by the test, or never started
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        begun = time.monotonic()
        run = subprocess.run(pg_program(program, *arguments), cwd="/", text=True, stdin=subprocess.DEVNULL,
                             stdout=(self.folder / "commands").open("a"), stderr=subprocess.STDOUT, timeout=120)
        if run.returncode:
            tail = (self.folder / "commands").read_text()[-2000:]
            raise RuntimeError(f"{program} failed after {time.monotonic() - begun:.1f} s:\n{tail}")


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
