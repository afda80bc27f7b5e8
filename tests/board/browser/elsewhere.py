"""Another place on this machine, on a port of its own, with pages of whoever wishes people ill."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Elsewhere:
    """The pages of that place by their paths, and what it was asked for."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, body: str) -> str:
        """Put a page there, and return its address."""
        path = f"/{len(self.pages)}"
        self.pages[path] = f"<!doctype html><html lang=en><title>Elsewhere</title><body>{body}</body></html>"
        return f"{self.url}{path}"


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Open that place."""
    place = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place.asked.append(self.path)
            body = place.pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    place.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield place
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
