"""The sandbox's scanner: clamd's wire on one side, a page and a switch for faults on the other."""

from __future__ import annotations

from flask import Flask, Response, jsonify
from flask.typing import ResponseReturnValue

from identity_provider.sandbox.clamd_wire import ClamdServer, start_clamd, version
from identity_provider.sandbox.faults import Faults, add_faults
from identity_provider.sandbox.serving import port_from_command_line, serve

CLAMD_OFFSET = 8


def create_clamd() -> tuple[Flask, Faults]:
    """Make the scanner's web side, and the switch for its faults, which the other side shares."""
    app = Flask(__name__, static_folder=None)
    return app, add_faults(app, "down", "slow", "garbage", "size_limit")


def add_pages(app: Flask, clamd: ClamdServer) -> None:
    """What it is, and what it has said."""

    @app.get("/")
    def index() -> ResponseReturnValue:
        words = f"{version()}\nA stand-in for ClamAV's daemon. It knows EICAR only. Verdicts: /verdicts.json\n"
        return Response(words, mimetype="text/plain")

    @app.get("/verdicts.json")
    def verdicts() -> ResponseReturnValue:
        return jsonify(clamd.scanned)


def main() -> None:
    port = port_from_command_line("The sandbox's scanner.")
    app, faults = create_clamd()
    add_pages(app, start_clamd(port + CLAMD_OFFSET, faults))
    serve(app, port)


if __name__ == "__main__":
    main()
