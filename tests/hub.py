"""A hub of models on 127.0.0.1: files, redirects, statuses, ranges, answers that break off, wait or come slowly."""
import http.server
import threading
import time


class Hub(http.server.ThreadingHTTPServer):
    """A hub, its content network (another port) or a proxy. What is asked of it is written down in `asked`."""

    daemon_threads = True

    def __init__(self):
        self.asked = []  # (host, path, range, authorization)
        self.files = {}  # path → bytes
        self.redirects = {}  # path → address
        self.statuses = {}  # path → status that refuses
        self.breaks = []  # bytes after which the next answers break off
        self.ranges = True
        self.pace = None  # bytes a second
        self.hold = None  # (bytes, event): the next answer stops there until the event
        self.holding = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that leaves is part of the tests


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server
        path = self.path.split("://", 1)[-1].split("/", 1)[-1] if "://" in self.path else self.path[1:]
        hub.asked.append((self.headers["Host"], path, self.headers["Range"], self.headers["Authorization"]))
        if path in hub.statuses:
            return self.send_error(hub.statuses[path])
        if path in hub.redirects:
            self.send_response(302)
            self.send_header("Location", hub.redirects[path])
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if path not in hub.files:
            return self.send_error(404)
        body, first = hub.files[path], 0
        if self.headers["Range"] and hub.ranges:
            first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        rest = body[first:]
        if hub.breaks:
            rest = rest[:hub.breaks.pop(0)]
        if hub.hold:
            (count, event), hub.hold = hub.hold, None
            self.wfile.write(rest[:count])
            self.wfile.flush()
            hub.holding.set()
            event.wait(60)
            rest = rest[count:]
        self.write(rest)

    def write(self, rest):
        if not self.server.pace:
            return self.wfile.write(rest)
        piece = self.server.pace // 20
        for first in range(0, len(rest), piece):
            self.wfile.write(rest[first:first + piece])
            self.wfile.flush()
            time.sleep(1 / 20)
