"""Forms are answered only when this browser, in this session, was given them."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

from identity_provider.kit.app import real_request
from identity_provider.kit.session import browser_secret, current_session, current_staff_session
from identity_provider.vault import vault

View = TypeVar("View", bound=Callable[..., object])

FIELD = "csrf_token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class FormNotOurs(BadRequest):
    """The form's token is missing or was made for another browser or session."""

    description = "This page was open for too long, or you signed in or out in another tab."


def csrf_exempt(reason: str) -> Callable[[View], View]:
    """Leave a view unguarded, saying why it needs no guard (an architecture test lists them all)."""

    def mark(view: View) -> View:
        view.csrf_exempt_reason = reason  # type: ignore[attr-defined]  # read by the guard and by the test
        return view

    return mark


def csrf_of_browser(view: View) -> View:
    """Take a form that was given to this browser in another session, or in none.

    For forms with a one-time code, which says by itself whose it is: the first click may have changed the session
    already when the second one comes.
    """
    view.csrf_of_browser = True  # type: ignore[attr-defined]  # read by the guard
    return view


def csrf_token(*, of_browser: bool = False) -> str:
    """The token for a form on this page: bound to the browser, and to the session when signed in.

    `of_browser` leaves the session out, for views that are marked so.
    """
    return vault.keyed_hash("csrf", _bound_to_browser() if of_browser else _bound_to()).hex()


def csrf_field(*, of_browser: bool = False) -> Markup:
    """The hidden field that every form carries."""
    token = csrf_token(of_browser=of_browser)
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)


def init_csrf(app: Flask) -> None:
    """Guard every request that may change something; `csrf_field()` is known to every template."""
    app.before_request(_guard)
    app.jinja_env.globals["csrf_field"] = csrf_field


def _guard() -> None:
    asked = real_request()
    if asked.method in _SAFE or asked.endpoint is None:
        return
    view = current_app.view_functions[asked.endpoint]
    if getattr(view, "csrf_exempt_reason", None):
        return
    sent = request.form.get(FIELD, "")
    bound_to = [_bound_to(), *([_bound_to_browser()] if getattr(view, "csrf_of_browser", False) else [])]
    expected = [each.hex() for bond in bound_to for each in vault.keyed_hashes("csrf", bond)]
    if not any([hmac.compare_digest(sent.encode("utf-8", "replace"), each.encode()) for each in expected]):
        raise FormNotOurs


def _bound_to() -> str:
    session = current_staff_session() if request.path.startswith("/support") else current_session()
    return f"{_bound_to_browser()}{session.id if session else ''}"


def _bound_to_browser() -> str:
    return f"{browser_secret()}:"
