"""One deployment under test: a folder with flusso.toml and schemas, a database, an index prefix, a slot, a publication.

Starts flusso processes for it, knows when they have caught up, and compares every document with the oracle.
"""

import os
import shutil

from . import oracle
from .opensearch import OpenSearch
from .postgres import unique
from .process import Flusso
from .services import ROOT
from .wait import TimedOut, until

DEMO_SCHEMAS = {name: ROOT / "dev" / f"{name}.schema.yml" for name in ("users", "products", "orders")}


class Deployment:
    """`indexes` maps a name to a schema's path or text; `queries` maps the same names to the oracle's SQL."""

    def __init__(self, binary, folder, database, opensearch_url, indexes=None, queries=None):
        self.binary, self.folder, self.database = binary, folder, database
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prefix = unique("e2e") + "_"
        self.opensearch = OpenSearch(opensearch_url, self.prefix)
        self.slot = self.publication = database.name
        self.indexes = dict(DEMO_SCHEMAS if indexes is None else indexes)
        self.queries = dict(oracle.DEMO if queries is None else queries)
        self.disabled = set()
        self.traced = False      # documents carry row tokens, so OpenSearch rounds decimals in `_source`
        self.sink_options = {"number_of_replicas": 0, "refresh_interval": "1s", "timeout_secs": 30}
        self.sinks = None        # TOML text instead of the one OpenSearch sink `primary`
        self.connection_url = database.url
        self.extra_toml = ""     # goes to the top of the file
        self.source_toml = ""    # goes into [source]
        self.server_toml = 'public_address = "127.0.0.1:0"\nprivate_address = "127.0.0.1:0"'  # is [server]
        self.processes = []

    # configuration

    def write(self):
        """(Re)writes flusso.toml and the schemas; the path of the former."""
        lines = [self.extra_toml, f'prefix = "{self.prefix}"', "", "[source]", 'type = "postgres"']
        if self.connection_url:
            lines.append(f"connection_url = {toml(self.connection_url)}")
        lines += [self.source_toml, "", "[server]", self.server_toml, ""]
        if self.sinks is None:
            lines += ["[sinks.primary]", 'type = "opensearch"', f"url = {toml(self.opensearch.url)}"]
            lines += [f"{key} = {toml(value)}" for key, value in self.sink_options.items()]
        else:
            lines.append(self.sinks)
        for name, schema in self.indexes.items():
            target = self.folder / f"{name}.schema.yml"
            if isinstance(schema, str):
                target.write_text(schema)
            else:
                shutil.copyfile(schema, target)
            lines += ["", "[[index]]", f'name = "{name}"', f'schema = "{target.name}"',
                      f"enabled = {toml(name not in self.disabled)}"]
        path = self.folder / "flusso.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    # processes

    def start(self, *arguments, environment=None, workers=2):
        """Starts `flusso run` with this deployment's names."""
        config = self.write()
        return self.command("run", "--config", config, "--slot", self.slot, "--publication", self.publication,
                            "--workers", workers, *arguments, environment=environment)

    def command(self, *arguments, environment=None):
        """Starts any flusso command in the deployment's folder, in an environment without anything of ours."""
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        clean.update({"NO_COLOR": "1", "RUST_LOG": os.environ.get("FLUSSO_TEST_LOG", "info"), **(environment or {})})
        process = Flusso(self.binary, arguments, self.folder, clean)
        self.processes.append(process)
        return process

    # progress

    def active(self):
        return [name for name in self.indexes if name not in self.disabled]

    def wait_seeded(self, flusso, seconds=120):
        """Waits until every enabled index is marked seeded."""
        left = list(self.active())

        def look():
            flusso.check_running()
            while left and self.opensearch.seeded(left[0]):
                left.pop(0)
            return not left

        until(look, lambda: f"indexes {left} seeded", seconds, every=0.05)

    def wait_confirmed(self, flusso, seconds=60, position=None):
        """Waits until the slot is confirmed up to everything committed before the call."""
        wanted = self.database.position() if position is None else position
        state = {}

        def look():
            flusso.check_running()
            state["at"] = self.database.confirmed(self.slot)
            return state["at"] is not None and state["at"] >= wanted

        until(look, lambda: f"confirmed_flush_lsn at {wanted:X}, it is at {state['at'] or 0:X}", seconds)

    def wait_settled(self, flusso, seconds=120):
        """Waits until the indexes must equal the source, by the work of this very process: it follows live changes, every
        index is seeded, and the slot past everything committed so far."""
        flusso.wait_log("following live changes", seconds)
        self.wait_seeded(flusso, seconds)
        self.wait_confirmed(flusso, seconds)

    def wait_document(self, flusso, name, document_id, check, seconds=30):
        """Waits until check(document or None) holds for a document read in real time; returns the document."""
        seen = {}

        def look():
            flusso.check_running()
            seen["document"] = self.opensearch.get(name, document_id)
            return check(seen["document"])

        until(look, lambda: f"{name}/{document_id} as wanted, it is {oracle.short(seen.get('document'))}", seconds)
        return seen["document"]

    # truth

    def differences(self):
        """Texts, one for each index that differs from the source."""
        found = [oracle.compare(self.opensearch, name, self.database.url, self.queries[name], self.traced)
                 for name in self.active()]
        self.compared = sum(difference.compared for difference in found)
        return [difference.text() for difference in found if difference]

    def assert_exact(self):
        """Every document of every enabled index equals the source, and there is no other. Returns how many."""
        wrong = self.differences()
        assert not wrong, "\n".join(wrong)
        return self.compared

    def settle_and_compare(self, flusso, seconds=120):
        self.wait_settled(flusso, seconds)
        return self.assert_exact()

    # end

    def close(self):
        for process in self.processes:
            process.close()
        try:
            self.opensearch.remove_all()
        except OSError:
            pass  # the node of this test is gone, and its data with it

    def log_tail(self, lines=60):
        path = self.folder / "flusso.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(flusso was not started)"


def toml(value):
    """A value as TOML; a dict becomes an inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


__all__ = ["DEMO_SCHEMAS", "Deployment", "TimedOut", "toml"]
