"""Style sheets and scripts, under an address that changes with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory, url_for

from identity_provider.kit.access import Audience, open_to

FOLDER = Path(__file__).parent / "static"
_SERVED = frozenset({".css", ".js", ".svg"})
_YEAR = 365 * 24 * 60 * 60


def _digest_of_everything() -> str:
    """One digest for the whole folder: a script may then import its neighbour by a relative address."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


VERSION = _digest_of_everything()


def register_static_files(bp: Blueprint) -> None:
    """Serve the folder on `bp`."""
    bp.add_url_rule("/static/<version>/<name>", "static_file", static_file)


def static_url(name: str) -> str:
    """The address of a file in the kit's static folder."""
    return url_for("kit.static_file", version=VERSION, name=name)


@open_to(Audience.ANYONE)
def static_file(version: str, name: str) -> Response:
    """The file, to be kept for a year; under another release's address it is sent too, but not to be kept."""
    if Path(name).suffix not in _SERVED:
        abort(404)
    response = send_from_directory(FOLDER, name, etag=False)
    if version == VERSION:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
