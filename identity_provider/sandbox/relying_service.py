"""Three sample services that know people only through the identity provider, with a library that others use too."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyotp
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from joserfc.errors import JoseError
from requests import RequestException

from config.trust import trust_for_calls
from identity_provider.sandbox import seed
from identity_provider.sandbox.heard import Heard
from identity_provider.sandbox.relying_pages import SamplePages, SampleService, SignInFailed
from identity_provider.sandbox.serving import port_from_command_line, serve
from identity_provider.sandbox.visits import PendingRequests, Visits

ABOUT = {
    "npq": "takes everybody, with or without a TRN",
    "qts": "takes nobody who may have a TRN that was not found; the provider can send people back to it",
    "job": "takes people with a TRN only; whoever is helped later gets a link to it, since it cannot be told to begin",
}
COOKIE = "sample_services"  # cookies of localhost are shared by all ports: not the provider's name
SECONDS_TO_ANSWER = 15
TOTP_SECONDS = 30


@dataclass(frozen=True)
class Relying:
    """Where the sample services are, whom they trust, and as which clients they are registered."""

    base_url: str
    issuer: str
    services: tuple[SampleService, ...]
    mailbox: str
    totp_secrets: dict[str, str]
    webhook_secrets: dict[str, str] = field(default_factory=dict, repr=False)


def create_relying_service(relying: Relying) -> Flask:
    """Make the application with all its services."""
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    app.config.update(SECRET_KEY=secrets.token_bytes(32), SESSION_COOKIE_NAME=COOKIE, SESSION_COOKIE_SAMESITE="Lax")
    oauth = OAuth(app, cache=PendingRequests())
    visits = Visits()
    for service in relying.services:
        client = oauth.register(
            service.slug,
            client_id=service.client_id,
            client_secret=service.client_secret,
            server_metadata_url=f"{relying.issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email trn",
                "code_challenge_method": "S256",
                "default_timeout": SECONDS_TO_ANSWER,
            },
        )
        app.register_blueprint(SamplePages(service, client, visits, relying.base_url).blueprint())
    app.register_blueprint(Heard(relying.webhook_secrets).blueprint())
    _add_common_pages(app, relying)
    _add_failures(app, relying)
    return app


def _add_common_pages(app: Flask, relying: Relying) -> None:
    @app.before_request
    def keep_to_one_host() -> ResponseReturnValue | None:
        """127.0.0.1 and localhost have cookies of their own: the way back would not know the way there."""
        if request.host == urlsplit(relying.base_url).netloc or request.method != "GET":
            return None
        return redirect(relying.base_url + request.full_path.rstrip("?"))

    @app.get("/")
    def index() -> str:
        return render_template("relying/index.html", services=relying.services, about=ABOUT)

    @app.get("/signed-out")
    def signed_out() -> str:
        return render_template("relying/signed_out.html", services=relying.services)

    @app.get("/people")
    def people() -> str:
        return render_template(
            "relying/people.html",
            people=seed.PEOPLE,
            mailbox=relying.mailbox,
            support=f"{relying.issuer}/support",
            staff=[(email, secret, pyotp.TOTP(secret).now()) for email, secret in relying.totp_secrets.items()],
            seconds_left=TOTP_SECONDS - int(time.time()) % TOTP_SECONDS,
        )


def _add_failures(app: Flask, relying: Relying) -> None:
    """Whatever goes wrong is told in the same way, with a way to try again."""

    @app.errorhandler(SignInFailed)
    def refused(error: SignInFailed) -> ResponseReturnValue:
        return render_template("relying/failed.html", failure=error), 400

    @app.errorhandler(AuthlibBaseError)
    @app.errorhandler(JoseError)
    def not_believed(error: AuthlibBaseError | JoseError) -> ResponseReturnValue:
        """What came back did not pass the library's checks."""
        failure = SignInFailed(_service_asked_for(relying), error.error, error.description or "")
        return render_template("relying/failed.html", failure=failure), 400

    @app.errorhandler(RequestException)
    def no_answer(_: RequestException) -> ResponseReturnValue:
        failure = SignInFailed(_service_asked_for(relying), "no_answer", "The identity service did not answer.")
        return render_template("relying/failed.html", failure=failure), 503


def _service_asked_for(relying: Relying) -> SampleService:
    slug = request.path.split("/")[1]
    return next((service for service in relying.services if service.slug == slug), relying.services[0])


def main() -> None:
    port = port_from_command_line("The sandbox's sample services.")
    of = os.environ
    trust_for_calls(of.get("OUTGOING_CA_FILE", ""))
    own = (of["NPQ_CLIENT_ID"], of["NPQ_CLIENT_SECRET"])
    npq = SampleService("npq", "Register for an NPQ (sample)", *own, awards=True)
    qts = SampleService("qts", "Apply for QTS (sample)", of["QTS_CLIENT_ID"], of["QTS_CLIENT_SECRET"])
    job = SampleService("job", "Apply for a teaching job (sample)", of["JOB_CLIENT_ID"], of["JOB_CLIENT_SECRET"])
    services = (npq, qts, job)
    relying = Relying(
        base_url=f"http://localhost:{port}",
        issuer=of["ISSUER"],
        services=services,
        mailbox=f"{of['NOTIFY_BASE_URL']}/",
        totp_secrets=json.loads(of["TOTP_SECRETS"]),
        webhook_secrets={each.slug: of[f"{each.slug.upper()}_WEBHOOK_SECRET"] for each in services},
    )
    serve(create_relying_service(relying), port)


if __name__ == "__main__":
    main()
