"""A small OpenSearch client: what the tests need to look at an index and to clean up behind themselves."""

import json
import re
import time
from decimal import Decimal

import requests

META = "flusso_meta"


class OpenSearch:
    """One node and one index prefix. Thread: any (a session per call site is not shared across threads by the tests)."""

    def __init__(self, url, prefix=""):
        self.url, self.prefix = url.rstrip("/"), prefix
        self.session = requests.Session()

    def call(self, method, path, body=None, expect=(200, 201), timeout=60, ndjson=False):
        """One request; the parsed answer. An unexpected status raises with the server's words."""
        headers = {"Content-Type": "application/x-ndjson" if ndjson else "application/json"}
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        for _ in range(100):
            reply = self.session.request(method, f"{self.url}/{path}", data=data, headers=headers, timeout=timeout)
            if method != "GET" or reply.status_code != 503 or (expect and 503 in expect):
                break
            time.sleep(0.05)  # a shard that was created a moment ago answers so until it has started
        if expect and reply.status_code not in expect:
            raise AssertionError(f"{method} /{path} answered {reply.status_code}: {reply.text[:500]}")
        if not reply.content or method == "HEAD":
            return {"status": reply.status_code}
        return parse(reply.content)

    def up(self):
        try:
            return self.session.get(f"{self.url}/_cluster/health", timeout=3).status_code == 200
        except requests.RequestException:
            return False

    def alias_targets(self, alias):
        """Concrete indexes behind an alias, [] when there is none."""
        found = self.call("GET", f"_alias/{alias}", expect=(200, 404))
        return sorted(found) if "error" not in found else []

    def indexes(self):
        """Every concrete index that begins with our prefix."""
        return sorted(self.call("GET", f"{self.prefix}*/_settings?expand_wildcards=all&flat_settings=true"))

    def generation(self, name):
        """The concrete index {prefix}{name}_{hash}_{n} that the alias {prefix}{name} points at, or None."""
        targets = self.alias_targets(self.prefix + name)
        assert len(targets) <= 1, f"alias {self.prefix + name} points at {targets}"
        return targets[0] if targets else None

    def hash_alias(self, name):
        """{prefix}{name}_{hash}, or None while there is no index."""
        found = self.call("GET", f"_alias/{self.prefix}{name}_*", expect=(200, 404))
        pattern = re.compile(rf"{re.escape(self.prefix + name)}_[0-9a-f]{{8}}$")
        aliases = {alias for index in found.values() if isinstance(index, dict)
                   for alias in index.get("aliases", {}) if pattern.match(alias)}
        return sorted(aliases)[-1] if aliases else None

    def meta(self, document):
        """The source of a document in the meta index, or None."""
        found = self.call("GET", f"{self.prefix}{META}/_doc/{document}", expect=(200, 404))
        return found.get("_source")

    def seeded(self, name):
        alias = self.hash_alias(name)
        meta = alias and self.meta(alias)
        return bool(meta and meta.get("seeded"))

    def get(self, name, document_id):
        """A document by id through the alias, in real time (no refresh needed); None when absent."""
        path = f"{self.prefix}{name}/_doc/{requests.utils.quote(str(document_id), safe='')}"
        return self.call("GET", path, expect=(200, 404)).get("_source")

    def count(self, index):
        return self.call("GET", f"{index}/_count")["count"]

    def everything(self, name, page=5000):
        """Yields (id, source text as parsed JSON) of every document of the index, after a refresh."""
        index = self.prefix + name
        self.call("POST", f"{index}/_refresh")
        answer = self.call("POST", f"{index}/_search?scroll=5m", {"size": page, "sort": ["_doc"]}, timeout=120)
        try:
            while answer["hits"]["hits"]:
                for hit in answer["hits"]["hits"]:
                    yield hit["_id"], hit["_source"]
                answer = self.call("POST", "_search/scroll", {"scroll": "5m", "scroll_id": answer["_scroll_id"]},
                                   timeout=120)
        finally:
            self.call("DELETE", "_search/scroll", {"scroll_id": answer["_scroll_id"]}, expect=None)

    def searchable(self, name, document_id):
        """Whether a plain search (no realtime GET) finds the document."""
        body = {"query": {"ids": {"values": [str(document_id)]}}, "size": 1}
        return bool(self.call("POST", f"{self.prefix}{name}/_search", body)["hits"]["hits"])

    def bulk_tasks(self):
        """How many bulk writes to our indexes the server is working on or has in its queue."""
        answer = self.call("GET", "_tasks?actions=indices:data/write/bulk*&detailed=true")
        return sum(self.prefix in task.get("description", "")
                   for node in answer.get("nodes", {}).values() for task in node["tasks"].values())

    def remove_all(self):
        """Deletes every index of our prefix."""
        assert self.prefix, "will not delete without a prefix"
        names = self.indexes()
        for start in range(0, len(names), 20):
            self.call("DELETE", ",".join(names[start:start + 20]), expect=(200, 404))


def parse(text):
    """JSON with every number kept to its last digit."""
    return json.loads(text, parse_float=Decimal)
