"""The application behind a real HTTP server on the loopback interface, with a real clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from config.settings import Settings
from identity_provider.adapters.clock import SystemClock
from identity_provider.db import db
from identity_provider.ports import Ports
from tests.kit.stand_ins import free_port
from wsgi import create_app


@contextmanager
def serve(app: Flask, port: int) -> Iterator[None]:
    """Answer requests in threads until the block ends."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def a_running_provider(app: Flask) -> Iterator[tuple[Flask, str]]:
    """A second application on the same database whose issuer is the address that it is served at."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    settings: Settings = app.extensions["settings"]
    ports: Ports = app.extensions["ports"]
    running = create_app(replace(settings, issuer=issuer), replace(ports, clock=SystemClock()))
    with serve(running, port):
        yield running, issuer
    with running.app_context():
        db.session.remove()
        db.engine.dispose()
