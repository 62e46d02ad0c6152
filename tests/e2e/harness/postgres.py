"""A test's own database in a shared server, its replication slot, and the positions that tell whether flusso is done."""

import secrets
import subprocess

import psycopg2
import psycopg2.extras

from .services import ROOT, with_database
from .wait import until

PSQL = "/usr/lib/postgresql/15/bin/psql"


def unique(name):
    """A name that no other test of this or another run uses."""
    return f"flusso_{name}_{secrets.token_hex(3)}"


class Database:
    """One database. `sql` runs a statement in its own transaction and returns its rows."""

    def __init__(self, server_url, name):
        self.server_url, self.name = server_url, name
        self.url = with_database(server_url, name)
        self._connection = None

    @classmethod
    def create(cls, server_url, template=None):
        name = unique("e2e")
        with administrator(server_url) as cursor:
            cursor.execute(f'create database "{name}"' + (f' template "{template}"' if template else ""))
        return cls(server_url, name)

    def connect(self, **options):
        """A new connection in autocommit mode."""
        connection = psycopg2.connect(self.url, connect_timeout=10, **options)
        connection.autocommit = True
        return connection

    @property
    def connection(self):
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        return self._connection

    def sql(self, text, *values):
        """Runs one statement; its rows as tuples, [] when it returns none."""
        with self.connection.cursor() as cursor:
            cursor.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, text, *values):
        """The first column of the first row."""
        rows = self.sql(text, *values)
        return rows[0][0] if rows else None

    def reconnect(self):
        """Forgets a connection that a restart of the server broke."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def transaction(self):
        """A cursor inside one transaction: committed at the end of the block, rolled back by an exception."""
        return _Transaction(self)

    def position(self):
        """The server's write position, as a number."""
        return lsn(self.one("select pg_current_wal_lsn()"))

    def confirmed(self, slot):
        """The slot's confirmed_flush_lsn as a number; None while there is no such slot."""
        text = self.one("select confirmed_flush_lsn from pg_replication_slots where slot_name = %s", slot)
        return lsn(text) if text else None

    def slot_active(self, slot):
        return bool(self.one("select active from pg_replication_slots where slot_name = %s", slot))

    def drop_slot(self, slot):
        """Takes the slot from whoever holds it, also from one that comes back at once, and drops it."""
        def gone():
            self.sql("select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where slot_name = %s and active", slot)
            try:
                self.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s and not active", slot)
            except psycopg2.errors.ObjectInUse:
                return False
            return self.confirmed(slot) is None
        until(gone, f"slot {slot} dropped", 30)

    def drop(self):
        """Drops every slot of the database and the database."""
        try:
            self.reconnect()
            with administrator(self.server_url) as cursor:
                cursor.execute("select slot_name, active_pid from pg_replication_slots where database = %s", (self.name,))
                for slot, pid in cursor.fetchall():
                    if pid:
                        cursor.execute("select pg_terminate_backend(%s, 5000)", (pid,))
                    cursor.execute("select pg_drop_replication_slot(%s)", (slot,))
                cursor.execute(f'drop database if exists "{self.name}" with (force)')
        finally:
            self.reconnect()


class _Transaction:
    def __init__(self, database):
        self.connection = database.connect()
        self.connection.autocommit = False

    def __enter__(self):
        return self.connection.cursor()

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.connection.commit()
        self.connection.close()


class administrator:
    """A cursor on the server's own database, for statements that no transaction may hold."""

    def __init__(self, server_url):
        self.connection = psycopg2.connect(server_url, connect_timeout=10)
        self.connection.autocommit = True

    def __enter__(self):
        return self.connection.cursor()

    def __exit__(self, *_):
        self.connection.close()


class DemoStore:
    """Databases filled with dev/sql of a given size; each size is built once per run and then copied."""

    def __init__(self, server_url):
        self.server_url, self.templates = server_url, {}

    def database(self, size):
        if size not in self.templates:
            template = Database.create(self.server_url)
            self.templates[size] = template
            load_file(template.url, "schema.sql")
            if size:
                load_file(template.url, "seed.sql", size=size)
            template.reconnect()
        return Database.create(self.server_url, self.templates[size].name)

    def close(self):
        for template in self.templates.values():
            template.drop()


def load_file(url, name, **variables):
    """Runs a file of dev/sql with psql."""
    sets = [part for key, value in variables.items() for part in ("-v", f"{key}={value}")]
    run = subprocess.run([PSQL, url, "-qX", "-v", "ON_ERROR_STOP=1", *sets, "-f", ROOT / "dev" / "sql" / name],
                         text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        raise RuntimeError(f"{name} failed:\n{run.stdout[-2000:]}")


def lsn(text):
    """`16/B374D848` as a number."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)
