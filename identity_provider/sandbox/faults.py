"""Faults on request: what a stand-in does when it is told to fail, so that a story can be tried with it."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import NoReturn

from flask import Blueprint, Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue


@dataclass
class Faults:
    """The present fault of one stand-in. `ok` is none."""

    modes: frozenset[str]
    mode: str = "ok"
    seconds: float = 30.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def set(self, mode: str, seconds: float) -> None:
        """Change the fault. Raises ValueError for one that this stand-in does not know."""
        if mode not in self.modes:
            raise ValueError(f"mode: one of {', '.join(sorted(self.modes))}")
        with self._lock:
            self.mode, self.seconds = mode, seconds

    def is_(self, mode: str) -> bool:
        """Whether this fault is on."""
        return self.mode == mode

    def wait_if_slow(self) -> None:
        """Take long over the answer, unless somebody mends the fault meanwhile."""
        deadline = time.monotonic() + self.seconds
        while self.mode == "slow" and time.monotonic() < deadline:
            time.sleep(0.05)


def add_faults(app: Flask, *modes: str) -> Faults:
    """Give a stand-in its `/_faults`: `GET` tells the mode, `POST {"mode": …, "seconds": …}` changes it."""
    faults = Faults(frozenset({"ok", *modes}))
    controls = Blueprint("faults", __name__)

    @controls.get("/_faults")
    def show() -> ResponseReturnValue:
        return jsonify(mode=faults.mode, seconds=faults.seconds, modes=sorted(faults.modes))

    @controls.post("/_faults")
    def change() -> ResponseReturnValue:
        asked = request.get_json()
        try:
            faults.set(str(asked.get("mode")), float(asked.get("seconds", 30.0)))
        except (AttributeError, TypeError, ValueError) as error:
            abort(400, str(error))
        return show()

    app.register_blueprint(controls)
    return faults


def drop_connection() -> NoReturn:
    """Close the connection of this request, so that the answer reaches nobody, as in a broken network."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    abort(500)
