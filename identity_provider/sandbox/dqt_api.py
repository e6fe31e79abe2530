"""The sandbox's DQT API: the real one's wire formats over the sample register, and a page of records for people."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.exceptions import NotFound

from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.sandbox.dqt_changes import Keepers, changes_api, keepers_pages
from identity_provider.sandbox.dqt_shelf import Shelf
from identity_provider.sandbox.dqt_v2 import v2_api
from identity_provider.sandbox.dqt_v3 import v3_api
from identity_provider.sandbox.dqt_wire import GET_PERSON, MODES, Gate, Invalid, Problem, no_cache, no_such_endpoint
from identity_provider.sandbox.faults import add_faults
from identity_provider.sandbox.serving import serve
from matching.batch import read_register

API_PATHS = ("/v1/", "/v2/", "/v3/")


def create_dqt_api(shelf: Shelf, keys: Mapping[str, frozenset[str]], issuer: str = "") -> Flask:
    """Make the stand-in for these records and these API keys with their roles.

    `issuer` signs the tokens that people ask for changes with; without one nobody can.
    """
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    faults = add_faults(app, *MODES)
    gate = Gate(keys, faults)
    app.register_blueprint(v2_api(shelf, faults))
    keepers = Keepers(issuer)
    app.register_blueprint(v3_api(shelf, faults, keepers))
    app.register_blueprint(changes_api(keepers, faults))
    app.register_blueprint(keepers_pages(keepers))
    app.register_error_handler(Problem, lambda problem: problem.as_response())
    app.register_error_handler(Invalid, lambda problem: problem.as_response())
    app.register_error_handler(RegisterUnavailable, lambda _: Problem(503, "Service Unavailable").as_response())
    app.register_error_handler(NotFound, _not_found)

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        return gate.guard() if request.path.startswith(API_PATHS) else None

    @app.after_request
    def keep_nowhere(response: Response) -> Response:
        return no_cache(response)

    @app.get("/")
    def index() -> str:
        try:
            records = shelf.samples()
        except RegisterUnavailable:
            records = ()
        return render_template("dqt_api/index.html", records=records, mode=faults.mode, changes=keepers.asked[::-1])

    return app


def _not_found(error: NotFound) -> ResponseReturnValue:
    return no_such_endpoint().as_response() if request.path.startswith(API_PATHS) else error.get_response()


def main() -> None:
    """Serve until told to end; the API key is DQT_API_KEY."""
    parser = argparse.ArgumentParser(description="The sandbox's DQT API.")
    parser.add_argument("--port", type=int, required=True)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--register", type=Path, help="a register file, .csv or .csv.gz, read into memory")
    source.add_argument("--database-url", default=os.environ.get("DATABASE_URL"), help="whose replica is read")
    arguments = parser.parse_args()
    if arguments.register:
        shelf = Shelf.of_records(read_register(arguments.register))
    elif arguments.database_url:
        shelf = Shelf.of_replica(arguments.database_url)
    else:
        parser.error("--register or --database-url (or DATABASE_URL) is needed")
    serve(
        create_dqt_api(shelf, {os.environ["DQT_API_KEY"]: frozenset({GET_PERSON})}, os.environ.get("ISSUER", "")),
        arguments.port,
    )


if __name__ == "__main__":
    main()
