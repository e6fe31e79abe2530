"""Pages of one's own account: who may enter them, and what stands beside each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to

PersonsView = Callable[..., ResponseReturnValue]

ACCOUNT = "/account"

# Endpoint of the first page of each part of the account, and what the link to it says, in the order of the menu.
MENU = (
    ("account.services", _("Services you have used")),
    ("changes.home", _("Name and date of birth")),
)


def for_person(view: PersonsView) -> PersonsView:
    """Serve a page of the account to the person who is signed in, as the view's first argument.

    Anybody else signs in first, and then comes to the page that was asked for; what a form would have done is not
    done by itself.
    """

    @open_to(Audience.PERSON)
    @wraps(view)
    def entered(**named: Any) -> ResponseReturnValue:
        person = session.current_user()
        if person is not None:
            return view(person, **named)
        asked = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=asked if asked != ACCOUNT else None), 303)

    return entered


def account_path(text: str) -> str:
    """The path to go back to, if it is one of the account's own; the account's first page otherwise."""
    printable = text.isascii() and text.isprintable() and "\\" not in text
    inside = text == ACCOUNT or text.startswith((f"{ACCOUNT}/", f"{ACCOUNT}?"))
    return text if printable and inside and "//" not in text.partition("?")[0] else ACCOUNT


def account_menu() -> list[dict[str, object]]:
    """The parts of the account as links; the one that is shown is marked."""
    here = (request.endpoint or "").rpartition(".")[0]
    return [
        {"text": label, "href": url_for(endpoint), "current": request.endpoint == endpoint or _alone(endpoint) == here}
        for endpoint, label in MENU
    ]


def _alone(endpoint: str) -> str | None:
    """The blueprint of an endpoint that is the only part of the menu there."""
    blueprint = endpoint.rpartition(".")[0]
    parts = [each for each, _label in MENU if each.rpartition(".")[0] == blueprint]
    return blueprint if len(parts) == 1 else None
