"""Whoever sends a code again whose answer was lost is led on: what it did stands, and no other code is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.kit import session
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_of_browser
from identity_provider.kit.persons import account_path
from identity_provider.kit.second_clicks import offer
from identity_provider.services import account_sign_in
from identity_provider.web.account.forms import CodeForm

View = Callable[..., ResponseReturnValue]


def or_second_click(view: View) -> View:
    """Serve a page with a code, but lead on at once who lost their session's new secret with the first answer."""

    @wraps(view)
    def entered(**named: Any) -> ResponseReturnValue:
        form = CodeForm()
        lost = request.method == "POST" and session.current_session() is None and form.validate()
        led_on = second_click(str(form.code.data)) if lost else None
        return view(**named) if led_on is None else led_on

    return csrf_of_browser(entered)


def second_click(typed: str, *, counted: bool = False) -> ResponseReturnValue | None:
    """The page that leads on, for the very code that was accepted in this browser a moment ago; None for any other.

    The try is counted as a guess, unless it was `counted` before.
    """
    passed = account_sign_in.passed_lately(session.browser_secret(), now=ports().clock.now())
    if passed is None:
        return None
    asked_for = account_path(request.args["next"]) if "next" in request.args else None
    return offer(passed, typed, url_for("account.carry_on", next=asked_for), counted=counted)
