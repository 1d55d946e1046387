"""A stand-in for a large model: a server on this machine that answers what the test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any], dict[str, str]], tuple[int, str]]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve on a free port; ``answer`` takes the body and the headers to a status and what is said."""

    def answered(self: BaseHTTPRequestHandler) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, said = answer(body, {"path": self.path, **dict(self.headers.items())})
        message = json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]}).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://localhost:9/elsewhere")
        self.send_header("Content-Length", str(len(message)))
        self.end_headers()
        self.wfile.write(message)

    def quiet(*_: Any) -> None:
        """Say nothing of requests."""

    stand = type("Stand", (BaseHTTPRequestHandler,), {"do_POST": answered, "log_message": quiet})
    server = ThreadingHTTPServer(("127.0.0.1", 0), stand)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
