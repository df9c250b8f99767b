"""A server of HTTP on this machine that counts what it is asked for, and can fail in many ways."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """What is served, how, and what has been asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        """Path -> the status that it is answered with."""
        self.ranges = True
        self.tags = True
        """Whether it sends an ETag and heeds conditions."""
        self.cut = 0
        """So many answers end in the middle, -1: all of them."""
        self.short = False
        """Whether all parts have a byte less than they should, and say so."""
        self.change_after: int | None = None
        """After so many answers with content, another content is there."""
        self.requests: list[str] = []
        """Methods and ranges."""
        self.sent = 0
        """Bytes of content."""
        self.address = ""
        self.lock = threading.Lock()

    @property
    def gets(self) -> int:
        return sum(request.startswith("GET") for request in self.requests)

    def forget(self) -> None:
        self.requests, self.sent = [], 0


@contextmanager
def serving() -> Iterator[Server]:
    """A `Server` that runs."""
    served = Server()
    handler = type("Handler", (_Handler,), {"served": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        served.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield served
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Server
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, *, body: bool) -> None:
        served = self.served
        path = self.path.partition("?")[0]
        wanted = self.headers.get("Range", "")
        with served.lock:
            served.requests.append(f"{self.command} {wanted}".strip())
            data = served.files.get(path)
            status = served.statuses.get(path, 404 if data is None else 200)
            if body and data is not None and served.change_after is not None:
                if served.change_after == 0:
                    data = served.files[path] = bytes(reversed(data))
                served.change_after -= 1
        tag = f'"{hashlib.md5(data or b"").hexdigest()}"'
        condition = self.headers.get("If-Match")
        if served.tags and condition not in (None, tag) and status == 200:
            status = 412
        if data is None or status != 200:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        part = data
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)
        if served.ranges and match:
            first, last = int(match[1]), min(int(match[2]), len(data) - 1)
            part = data[first : last + 1]
            if served.short:
                part = part[:-1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        else:
            self.send_response(200)
        if served.tags:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if not body:
            return
        with served.lock:
            cut = served.cut != 0 and len(part) > 1
            served.cut -= served.cut > 0 and cut
            served.sent += len(part)
        try:
            self.wfile.write(part[: len(part) // 2] if cut else part)
        except OSError:  # the other end has seen enough
            cut = True
        self.close_connection |= cut
