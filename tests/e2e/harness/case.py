"""What a test gets: folders, databases and deployments that are removed when it ends, services to share or to own."""

import contextlib
import random
import shutil
import threading

from .deployment import Deployment
from .postgres import Database, administrator
from .services import Stack, scratch_folder


class Skipped(Exception):
    """This test cannot run here; the text says why."""


class Case:
    """One test in progress. Whatever it makes through here is undone in reverse order, also when it fails."""

    def __init__(self, name, binary, services, store, seed, keep):
        self.name, self.binary, self.services, self.store, self.seed = name, binary, services, store, seed
        self.folder = scratch_folder("test")
        self.random = random.Random(f"{seed}/{name}")
        self.deployments, self.notes = [], []
        self.stack = contextlib.ExitStack()
        if not keep:
            self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def note(self, text):
        """Something worth printing beside the result: a figure, a count."""
        self.notes.append(text)

    def skip(self, reason):
        raise Skipped(reason)

    def need_postgres(self, version, what):
        """Skips the test where the server is older than major `version`, which has `what`."""
        with administrator(self.services.pg_url) as cursor:
            cursor.execute("select current_setting('server_version_num')::int / 10000")
            found = cursor.fetchone()[0]
        if found < version:
            self.skip(f"needs Postgres {version} ({what}), this is {found}; FLUSSO_DEV_PG_BIN names another")

    def settings(self, stack, **values):
        """Settings of a stack's Postgres for this test alone; the server is restarted, here and at the end."""

        def put(statements):
            with administrator(stack.pg_url) as cursor:
                for statement in statements:
                    cursor.execute(statement)
            stack.stop_postgres()
            stack.start_postgres()

        put([f"alter system set {name} = '{value}'" for name, value in values.items()])
        self.stack.callback(put, [f"alter system reset {name}" for name in values])

    def demo(self, size=1, **options):
        """A deployment of the demo store, filled with `size`, on the shared services."""
        return self.deployment(self.own(self.store.database(size), "drop"), **options)

    def database(self):
        """An empty database on the shared server."""
        return self.own(Database.create(self.services.pg_url), "drop")

    def deployment(self, database, opensearch_url=None, **options):
        folder = self.folder / f"deployment{len(self.deployments) + 1}"
        made = Deployment(self.binary, folder, database, opensearch_url or self.services.os_url, **options)
        self.deployments.append(made)
        return self.own(made, "close")

    def private(self, **options):
        """Services of this test's own, which it may stop and kill."""
        made = Stack(**options)
        self.own(made, "close")
        return made.start()

    def own(self, thing, method):
        """Calls thing.method() at the end of the test; returns the thing."""
        self.stack.callback(getattr(thing, method))
        return thing

    def background(self, function, *arguments):
        """Runs function(stop_event, …) in a thread until the test stops it; its error fails the test."""
        worker = Background(function, arguments)
        self.stack.callback(worker.abandon)
        return worker

    def close(self):
        self.stack.close()


class Background:
    """A thread that works until stop(); stop() raises what the thread raised."""

    def __init__(self, function, arguments):
        self.event, self.error = threading.Event(), None

        def body():
            try:
                function(self.event, *arguments)
            except BaseException as error:  # handed to stop(), in the test's own thread
                self.error = error

        self.thread = threading.Thread(target=body, daemon=True)
        self.thread.start()

    def stop(self):
        self.abandon()
        if self.error:
            raise self.error

    def abandon(self):
        self.event.set()
        self.thread.join(60)
