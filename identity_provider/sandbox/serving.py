"""How a stand-in is served: one process, a thread for each connection, nothing on the console."""

from __future__ import annotations

import argparse
import logging

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"


class QuietRequests(WSGIRequestHandler):
    """Keeps connections open between requests, and writes no line for each."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def port_from_command_line(description: str) -> int:
    """The number after `--port`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    return port


def serve(app: Flask, port: int) -> None:
    """Serve until the process is told to end."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with make_server(HOST, port, app, threaded=True, request_handler=QuietRequests) as server:
        server.daemon_threads = True  # type: ignore[attr-defined]  # ThreadingMixIn has it, the stub does not say so
        server.serve_forever()
