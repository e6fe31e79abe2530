"""The sandbox's GOV.UK One Login: one says who one is by choosing, and it misbehaves when it is told to."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

import requests
from flask import Flask, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined

from config.trust import trust_for_calls
from identity_provider.sandbox.faults import Faults, add_faults
from identity_provider.sandbox.one_login_people import PEOPLE
from identity_provider.sandbox.one_login_tokens import Signers, Tokens, did_of
from identity_provider.sandbox.one_login_wire import AUTHORIZE_ERRORS, MODES, OneLoginClient, Visits, wire
from identity_provider.sandbox.serving import port_from_command_line, serve

SECONDS_TO_ANSWER = 5
_REQUIRED = ("response_type", "scope", "client_id", "redirect_uri", "state", "nonce", "code_challenge")


def create_one_login(
    client: OneLoginClient,
    issuer: str,
    now: Callable[[], datetime] | None = None,
    signers: Signers | None = None,
) -> Flask:
    """Make the stand-in. `issuer` ends with a slash, as the real one's does; by default a restart rotates the keys."""
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    clock = now or (lambda: datetime.now(UTC))
    tokens = Tokens(issuer, did_of(issuer), client.client_id, clock, signers or Signers.made())
    visits, faults = Visits(), add_faults(app, *MODES)
    app.extensions |= {"tokens": tokens, "visits": visits, "faults": faults}
    app.register_blueprint(wire(tokens, client, visits, faults))
    _add_pages(app, client, visits, faults)
    _add_controls(app, client, tokens, visits, faults)
    return app


def _add_pages(app: Flask, client: OneLoginClient, visits: Visits, faults: Faults) -> None:
    @app.get("/authorize")
    def authorize() -> ResponseReturnValue:
        """Ask who it is; what is wrong with the request itself is told here and leads nowhere."""
        asked = request.args.to_dict()
        missing = [name for name in _REQUIRED if not asked.get(name)]
        known = asked.get("client_id") == client.client_id and asked.get("redirect_uri") in client.redirect_uris
        if missing or not known:
            return render_template("one_login/wrong.html", missing=missing), 400
        if faults.mode in AUTHORIZE_ERRORS:
            return _back(asked, error=faults.mode, error_description="Told to by the sandbox")
        if asked.get("code_challenge_method") != "S256" or "openid" not in asked["scope"].split():
            return _back(asked, error="invalid_request", error_description="Invalid request")
        waiting = secrets.token_urlsafe(16)
        visits.waiting[waiting] = {"vtr": "[]", **asked}
        proves = "P2" in asked.get("vtr", "")
        return render_template("one_login/who.html", people=PEOPLE, waiting=waiting, proves=proves, mode=faults.mode)

    @app.post("/authorize")
    def choose() -> ResponseReturnValue:
        """They said who they are, or went away."""
        asked = visits.waiting.pop(request.form.get("waiting", ""), None)
        if asked is None:
            abort(400, "This page was used already: go back to the service.")
        person = next((each for each in PEOPLE if each.slug == request.form.get("person")), None)
        if person is None:
            return _back(asked, error="access_denied", error_description="The person went away")
        code = secrets.token_urlsafe(32)
        visits.codes[code] = (asked, person)
        return _back(asked, code=code)


def _add_controls(app: Flask, client: OneLoginClient, tokens: Tokens, visits: Visits, faults: Faults) -> None:
    @app.get("/")
    def index() -> str:
        return render_template(
            "one_login/index.html", people=PEOPLE, modes=["ok", *MODES], mode=faults.mode, signed_in=visits.signed_in
        )

    @app.post("/misbehave")
    def misbehave() -> ResponseReturnValue:
        try:
            faults.set(request.form.get("mode", ""), faults.seconds)
        except ValueError as unknown:
            abort(400, str(unknown))
        return redirect("/", 303)

    @app.post("/sign-out")
    def sign_out() -> ResponseReturnValue:
        """Sign somebody out of One Login, which tells the services that they signed in to."""
        person = visits.signed_in.pop(request.form.get("sid", ""), None)
        if person is not None and client.back_channel_logout_uri:
            form = {"logout_token": tokens.logout_token(person.subject)}
            try:
                requests.post(client.back_channel_logout_uri, form, timeout=SECONDS_TO_ANSWER)
            except requests.RequestException:
                abort(502, "The service did not take the sign-out.")
        return redirect("/", 303)

    @app.get("/trustmark")
    def trustmark() -> ResponseReturnValue:
        return {"idp": tokens.issuer, "C": ["Cl", "Cl.Cm"], "P": ["P0", "P1", "P2"]}


def _back(asked: dict[str, str], **answer: str) -> Response:
    """To the service, as every authorization response goes."""
    response: Response = redirect(f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}")  # type: ignore[assignment]  # werkzeug's own base
    return response


def main() -> None:
    """Serve until told to end."""
    port = port_from_command_line("The sandbox's GOV.UK One Login.")
    of = os.environ
    trust_for_calls(of.get("OUTGOING_CA_FILE", ""))
    client = OneLoginClient(
        client_id=of["ONE_LOGIN_CLIENT_ID"],
        public_key=of["ONE_LOGIN_PUBLIC_KEY"],
        redirect_uris=(f"{of['ISSUER']}/one-login/callback",),
        back_channel_logout_uri=of["ONE_LOGIN_LOGOUT_URI"],
    )
    serve(create_one_login(client, f"http://localhost:{port}/"), port)


if __name__ == "__main__":
    main()
