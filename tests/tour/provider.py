"""The stops at the provider's own pages: what anybody may read, the protocol's few pages, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort

from identity_provider.db import db, transaction
from identity_provider.models import Journey
from identity_provider.services import browser_sessions
from tests.builders import a_user
from tests.kit.page import Browser
from tests.kit.provider import a_relying_party
from tests.tour.guide import World, shows

GOODBYE = "https://npq.example.org/sign-out"
STATUSES = (400, 403, 404, 405, 409, 410, 413, 415, 418, 429, 500, 503)


@shows(*(f"pages/{name}.html" for name in ("home", "cookies", "privacy", "accessibility", "contact")))
def what_anybody_may_read(world: World) -> None:
    visitor = world.visitor()
    for path in ("/", "/cookies", "/privacy", "/accessibility", "/contact"):
        visitor.get(path)


@shows("api/docs.html")
def what_developers_read(world: World) -> None:
    world.visitor().get("/api/docs")


@shows("kit/error.html")
def something_goes_wrong(world: World) -> None:
    visitor = world.visitor()
    for status in STATUSES:
        for endpoint, path in (("pages.contact", "/contact"), ("support.sign_in.start", "/support/sign-in")):
            with _failing(world, endpoint, status):
                visitor.get(path)
    visitor.get("/nothing-here")
    visitor.get("/contact")
    visitor.post("/support/sign-in", token=False)


@shows("oidc/problem.html")
def a_request_can_not_be_trusted(world: World) -> None:
    service, person = a_relying_party(world.app), world.visitor()
    for wrong in (
        {"client_id": "nobody"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"state": "\x01"},
        {"state": "x" * 100_000},
        {f"p{number}": "1" for number in range(200)},
    ):
        person.get(service.ask(**wrong).path)


@shows("oidc/finished.html")
def the_sign_in_is_over(world: World) -> None:
    person = world.visitor()
    person.client.get(a_relying_party(world.app).ask().path)
    with transaction():
        request = db.session.query(Journey).one().authorization_request
    person.client.get(f"/connect/authorize/{request.id}/refuse")
    person.get(f"/connect/authorize/{request.id}/answer")


@shows("oidc/form_post.html")
def a_form_carries_the_code(world: World) -> None:
    _signed_in(world).get(a_relying_party(world.app).ask(response_mode="form_post").path)


@shows("oidc/sign_out.html", "oidc/signed_out.html")
def a_service_signs_them_out(world: World) -> None:
    service, person = a_relying_party(world.app, post_logout_redirect_uris=(GOODBYE,)), _signed_in(world)
    asked = service.ask()
    location = person.get(asked.path).location
    assert location is not None
    hint = service.finish(location, asked).token["id_token"]
    where = {"client_id": service.client_id, "post_logout_redirect_uri": GOODBYE}
    person.get("/connect/signout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s")
    person.get("/connect/signout", **where)
    person.get("/connect/signout", **where | {"post_logout_redirect_uri": "https://evil.example/"})
    person.get("/connect/signout", id_token_hint=hint, client_id="another")
    person.get("/connect/signout", id_token_hint="junk")
    person.submit()
    person.get("/connect/signout", client_id=service.client_id)
    person.get("/connect/signout", id_token_hint="junk")


def _signed_in(world: World) -> Browser:
    person = world.visitor()
    user = a_user(trn="1234567")
    with transaction():
        _, secret = browser_sessions.begin(user, amr=["otp"], now=world.clock.now())
    person.client.set_cookie("session", secret)
    return person


@contextmanager
def _failing(world: World, endpoint: str, status: int) -> Iterator[None]:
    """Have a page answer with an error, as if something behind it had gone wrong."""
    views = world.app.view_functions
    real = views[endpoint]
    views[endpoint] = lambda: abort(status)
    try:
        yield
    finally:
        views[endpoint] = real
