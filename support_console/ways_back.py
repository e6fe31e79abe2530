"""Where staff go on from an address that takes forms only: when their session has ended, or from a bookmark."""

from __future__ import annotations

from flask import Flask, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from identity_provider.kit.csrf import FormNotOurs
from identity_provider.kit.errors import answer_error
from identity_provider.kit.session import current_staff
from support_console.auth import HOME

_SIGN_IN = f"{HOME}/sign-in"


def init_ways_back(app: Flask) -> None:
    """Lead from an address that takes forms only to the page above it; routing refuses it before any blueprint."""
    app.register_error_handler(MethodNotAllowed, _not_a_page)


def form_not_ours(_error: FormNotOurs) -> ResponseReturnValue:
    """What was sent is neither done nor repeated; the page that it came from is one step away."""
    staff = g.setdefault("staff", current_staff())
    page = _page_above(request.path)
    onward = url_for("support.sign_in.start", next=page) if staff is None else page
    return render_template("support/out_of_date.html", onward=onward), 400


def _not_a_page(error: MethodNotAllowed) -> ResponseReturnValue | HTTPException:
    asked = request.path
    # What a view refuses by itself is not astray: the page above it may be the same one.
    if request.routing_exception is None or request.method != "GET" or not asked.startswith(f"{HOME}/"):
        return answer_error(error)
    return redirect(_page_above(asked), 303)


def _page_above(path: str) -> str:
    """The nearest address at or above this one that can be opened: a case, for what is done to a case."""
    known = current_app.url_map.bind("")
    while path.startswith(f"{HOME}/") and not path.startswith(_SIGN_IN):
        if known.test(path, "GET"):
            return path
        path = path.rpartition("/")[0]
    return HOME
