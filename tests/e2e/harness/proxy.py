"""A TCP proxy in front of Postgres that can stop forwarding without closing anything, as a network does that loses every
packet: the peers' kernels notice nothing.
"""

import contextlib
import select
import socket
import threading
import urllib.parse


class Proxy:
    """Listens on a free port; `url` leads through it. Connections that are made while it swallows are accepted and get
    no answer."""

    def __init__(self, target_url):
        target = urllib.parse.urlsplit(target_url)
        self.target = (target.hostname, target.port or 5432)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.forwarding, self.closed = threading.Event(), threading.Event()
        self.forwarding.set()
        login = target.netloc.rpartition("@")[0]
        port = self.listener.getsockname()[1]
        self.url = target._replace(netloc=f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}").geturl()
        self.lock, self.pairs = threading.Lock(), []
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self):
        self.forwarding.clear()

    def forward(self):
        """New connections work again. The old ones stay dead for us for ever; the server, which probes them, has given them
        up."""
        with self.lock:
            self.pairs = []
        self.forwarding.set()

    def lead_to(self, target_url):
        """New connections go to another server, as when a name changes its address; the old ones stay where they are."""
        target = urllib.parse.urlsplit(target_url)
        self.target = (target.hostname, target.port or 5432)

    def close(self):
        self.closed.set()
        self.forwarding.set()
        self.listener.close()

    def _accept(self):
        while not self.closed.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            pair = [client]
            with self.lock:
                self.pairs.append(pair)
            threading.Thread(target=self._serve, args=(client, pair), daemon=True).start()

    def _serve(self, client, pair):
        with contextlib.ExitStack() as stack:
            stack.callback(client.close)
            if not self._alive(pair):
                self.closed.wait()
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:
                return  # nobody listens: the client sees its connection closed
            stack.callback(server.close)
            while not self.closed.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.05)
                if not self._alive(pair):
                    self.forwarding.wait()
                    server.close()
                    self.closed.wait()  # the client's side is neither read nor closed
                    return
                for source in ready:
                    try:
                        data = source.recv(65536)
                    except OSError:
                        data = b""
                    if not data:
                        return
                    (server if source is client else client).sendall(data)

    def _alive(self, pair):
        with self.lock:
            return self.forwarding.is_set() and any(one is pair for one in self.pairs)
