"""The provider's own pages in Chromium, with a service at another origin: scripts send the form, a person can too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask, request

from identity_provider.db import transaction
from identity_provider.services import browser_sessions
from tests.builders import a_user
from tests.kit.browser import PageMaker, serving
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import OverHttp, RelyingParty
from tests.kit.served import a_running_provider

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "bare"])


@pytest.fixture
def service_origin() -> Iterator[str]:
    """A service that shows what it was told."""
    service = Flask("service_that_shows_what_it_was_told")

    @service.route("/callback", methods=["GET", "POST"])
    @service.get("/signed-out")
    def shown() -> str:
        told = ", ".join(sorted(request.values))
        words = f"<h1>{request.method} {request.path}: {told}</h1>"
        return f'<!DOCTYPE html><html lang="en"><title>Service</title><main>{words}</main></html>'

    with serving(service) as origin:
        yield origin


@pytest.fixture
def service(app: Flask, service_origin: str) -> Iterator[RelyingParty]:
    with a_running_provider(app) as (running, issuer):
        registered = a_relying_party(
            running,
            redirect_uris=(f"{service_origin}/callback",),
            post_logout_redirect_uris=(f"{service_origin}/signed-out",),
        )
        registered.http, registered.issuer = OverHttp(issuer), issuer
        yield registered


def a_session() -> str:
    """The cookie of somebody who signed in just now."""
    person = a_user(trn="1234567")
    with transaction():
        _, secret = browser_sessions.begin(person, amr=["otp"], now=datetime.now(UTC))
    return secret


@SCRIPTS
def test_a_code_by_form_post_reaches_the_other_origin(
    service: RelyingParty, service_origin: str, open_page: PageMaker, scripts: bool
) -> None:
    page = open_page(scripts=scripts)
    page.raw.context.add_cookies([{"name": "session", "value": a_session(), "url": service.issuer}])
    page.raw.goto(service.issuer + service.ask(response_mode="form_post").path)
    if not scripts:
        page.check()
        page.raw.get_by_role("button", name="Continue").click()
    page.raw.wait_for_url(f"{service_origin}/callback")
    assert page.raw.locator("h1").inner_text() == "POST /callback: code, iss, state"


@SCRIPTS
def test_a_sign_out_with_a_hint_comes_back_to_the_other_origin(
    service: RelyingParty, service_origin: str, open_page: PageMaker, scripts: bool
) -> None:
    page = open_page(scripts=scripts)
    page.raw.context.add_cookies([{"name": "session", "value": a_session(), "url": service.issuer}])
    asked = service.ask()
    page.raw.goto(service.issuer + asked.path)
    hint = service.finish(page.raw.url, asked).token["id_token"]
    back = f"{service_origin}/signed-out"
    page.raw.goto(f"{service.issuer}/connect/signout?id_token_hint={hint}&post_logout_redirect_uri={back}&state=s")
    if not scripts:
        page.check()
        page.raw.get_by_role("button", name="Sign out").click()
    page.raw.wait_for_url(f"{back}?state=s")
    page.raw.goto(service.issuer + service.ask(prompt="none").path)
    assert service.answer_in(page.raw.url)["error"] == "login_required"
