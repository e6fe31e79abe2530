"""Pages of one's own account: who may enter them, and what stands beside each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote

from flask import abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from identity_provider.domain.features import Feature
from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.headers import allow_form_to_lead_to
from identity_provider.models import User
from identity_provider.services import account_visits, browser_sessions, features
from identity_provider.services.account_visits import Visit

PersonsView = Callable[..., ResponseReturnValue]

ACCOUNT = "/account"

# Endpoint of the first page of each part of the account, and what the link to it says, in the order of the menu.
MENU = (
    ("account.home", _("Your details")),
    ("changes.home", _("Name and date of birth")),
    ("awards.held", _("Awards")),
    ("account.services", _("Services you have used")),
    ("account.history", _("Sign-in history")),
    ("account.sessions", _("Where you are signed in")),
    ("passkeys.show_all", _("Passkeys")),
    ("one_login.connections", _("GOV.UK One Login")),
)


def for_person(view: PersonsView) -> PersonsView:
    """Serve a page of the account to the person who is signed in, as the view's first argument.

    Anybody else signs in first, and then comes to the page that was asked for; what a form would have done is not
    done by itself.
    """

    @open_to(Audience.PERSON)
    @wraps(view)
    def entered(**named: Any) -> ResponseReturnValue:
        refuse_while_off()
        person = session.current_user()
        if person is not None:
            return view(person, **named)
        asked = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=asked if asked != ACCOUNT else None), 303)

    return entered


def account_visit() -> Visit | None:
    """The service that the person came from, and may go back to; the forms of this page may lead there."""
    if "account_visit" not in g:
        g.account_visit = account_visits.current(session.browser_secret(), now=ports().clock.now())
        if g.account_visit is not None and g.account_visit.sign_out_uri:
            allow_form_to_lead_to(g.account_visit.sign_out_uri)
    visit: Visit | None = g.account_visit
    return visit


def for_person_lately(view: PersonsView) -> PersonsView:
    """As `for_person`, for who proved a moment ago who they are: anybody else proves it again first.

    They then come to the page that was asked for, or whose form was sent: what the form would have done is not done.
    """

    @wraps(view)
    def entered(person: User, **named: Any) -> ResponseReturnValue:
        now, here = ports().clock.now(), session.current_session()
        if here is not None and browser_sessions.is_recent(here, now=now):
            return view(person, **named)
        addresses = current_app.create_url_adapter(request)
        is_shown = addresses is not None and addresses.test(request.path, method="GET")
        return redirect(url_for("account.prove_again", next=request.path if is_shown else None), 303)

    return for_person(entered)


def refuse_while_off() -> None:
    """Answer 503 to everybody while the pages of one's own account are switched off."""
    if not features.is_on(Feature.ACCOUNT):
        abort(503)


def account_path(text: str) -> str:
    """The path to go back to, if it is one of the account's own; the account's first page otherwise."""
    path = unquote(text.partition("?")[0])
    printable = text.isascii() and text.isprintable() and "\\" not in text + path
    inside = path == ACCOUNT or path.startswith(f"{ACCOUNT}/")
    # Browsers take steps up (`/account/../`, also written %2e%2e) themselves, and two slashes for another site.
    stays = "//" not in path and not {".", ".."} & set(path.split("/"))
    return text if printable and inside and stays else ACCOUNT


def account_menu() -> list[dict[str, object]]:
    """The parts of the account as links; the one that the page belongs to is marked."""
    off = {"one_login.connections"} if ports().broker is None else set()
    parts = [(label, url_for(endpoint)) for endpoint, label in MENU if endpoint not in off]
    inside = [href for _label, href in parts if request.path == href or request.path.startswith(f"{href}/")]
    here = max(inside, key=len, default=None)
    return [
        {"text": label, "href": href, "current": request.path == href, "active": href == here} for label, href in parts
    ]
