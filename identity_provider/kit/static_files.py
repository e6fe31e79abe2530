"""Style sheets and scripts, under an address that changes with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Response, abort, url_for

from identity_provider.kit.access import Audience, open_to

FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_YEAR = 365 * 24 * 60 * 60
_FILES = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}

# One digest for all of them: a script may then import its neighbour by a relative address.
VERSION = hashlib.sha256(b"\0".join(name.encode() + b"\0" + _FILES[name] for name in _FILES)).hexdigest()[:16]


def register_static_files(bp: Blueprint) -> None:
    """Serve them on `bp`."""
    bp.add_url_rule("/static/<version>/<name>", "static_file", static_file)


def static_url(name: str) -> str:
    """The address of a file in the kit's static folder. Refuses (KeyError) one that is not there."""
    if name not in _FILES:
        raise KeyError(name)
    return url_for("kit.static_file", version=VERSION, name=name)


@open_to(Audience.ANYONE)
def static_file(version: str, name: str) -> Response:
    """The file, to be kept for a year; under another release's address it is sent too, but not to be kept."""
    if name not in _FILES:
        abort(404)
    response = Response(_FILES[name], mimetype=_TYPES[Path(name).suffix])
    if version == VERSION:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
