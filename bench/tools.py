"""The compiled programs of bench/: the server that accepts everything and the client that only posts."""

import http.client
import json
import subprocess


class AcceptAll:
    """bench_accept_all on a free port, for the length of a with block."""

    def __init__(self, tools, *options):
        self.command = [str(tools / "bench_accept_all"), *options]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), f"bench_accept_all said {line!r}"
        self.url = line.split()[-1]
        self.pid = self.process.pid
        self.connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait(10)

    def stats(self):
        """documents, deletes, bulks, bytes, digest, the server's own cpu_seconds, and when the last document came (steady clock)."""
        self.connection.request("GET", "/_stats_bench")
        return json.loads(self.connection.getresponse().read())

    def documents(self):
        return self.stats()["documents"]


def post_bodies(tools, url, index, documents, connections=2, batch=1000):
    """Seconds that the posting client needs for all documents of the file (`id TAB json` per line)."""
    done = subprocess.run(
        [str(tools / "bench_post_bodies"), "--url", url, "--index", index, "--documents", str(documents), "--connections", str(connections),
         "--batch", str(batch)], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, f"bench_post_bodies failed: {done.stdout}"
    return json.loads(done.stdout)["seconds"]
