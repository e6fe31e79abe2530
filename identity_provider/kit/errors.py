"""What is answered when something goes wrong: plain words with a way on, or JSON for software."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, json, render_template, request
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.routing import RequestRedirect

from identity_provider.kit.csrf import FormNotOurs
from identity_provider.kit.requests import request_id

log = structlog.get_logger("errors")

RETRY_SECONDS = 5
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
_API = "/api/"
_CONSOLE = "/support"
# Answered in the manner of RFC 6749, section 5.2: they are called by software, never by a browser's navigation.
_OAUTH = (
    "/connect/token",
    "/connect/userinfo",
    "/connect/introspection",
    "/connect/revocation",
    "/connect/par",
    "/connect/register",
    "/.well-known/",
)
_OAUTH_CODES = {429: "temporarily_unavailable", 500: "server_error", 503: "temporarily_unavailable"}


@dataclass(frozen=True)
class Words:
    """What a page says: its heading, what happened, and what to do."""

    title: Any
    happened: Any
    do: Any


_BAD_REQUEST = Words(
    _("Something in this request is not right"),
    _("We could not read what your browser sent us. The link may be incomplete."),
    _("Go back to the service you came from and start again."),
)
_FORM_NOT_OURS = Words(
    _("This page is out of date"),
    _("The page was open for a long time, or you signed in or out in another tab. We did not save the last answer."),
    _("Open the page again and continue. Your earlier answers are kept."),
)
_BROKEN = Words(
    _("Sorry, there is a problem with the service"),
    _("It is our fault, not yours. We kept the answers that you had already given."),
    _("Try again in a few minutes."),
)
_TOO_LARGE = Words(
    _("What you sent is too large"),
    _("The file or the text is larger than we can accept, so nothing was saved."),
    _("Go back and try again with a smaller file or less text."),
)
_WORDS: dict[int, Words] = {
    400: _BAD_REQUEST,
    403: Words(
        _("You cannot see this page"),
        _("You are not signed in as somebody who may see it."),
        _("If you think that you should be able to, contact us."),
    ),
    404: Words(
        _("Page not found"),
        _("If you typed the web address, check that it is correct. If you pasted it, check that you copied all of it."),
        _("If you were signing in, go back to the service you came from and start again."),
    ),
    405: Words(
        _("This page cannot be used like that"),
        _("The address is right, but it does not accept this kind of request."),
        _("Go back to the page before and use its button or link."),
    ),
    409: Words(
        _("Somebody changed this at the same time"),
        _("What you sent no longer fits what is stored, so we did not save it."),
        _("Open the page again and check what it says now."),
    ),
    410: Words(
        _("This link no longer works"),
        _("It was used already, or it is too old."),
        _("Go back to the service you came from and start again."),
    ),
    411: _BAD_REQUEST,
    413: _TOO_LARGE,
    414: _BAD_REQUEST,
    429: Words(
        _("You have tried too many times"),
        _("To keep accounts safe we allow a small number of tries in a row."),
        _("Wait a little, then try again."),
    ),
    500: _BROKEN,
    503: Words(
        _("Sorry, the service is unavailable"),
        _("We cannot answer at the moment. We kept the answers that you had already given."),
        _("Try again in a minute."),
    ),
}


def init_errors(app: Flask) -> None:
    """Answer every HTTP error, and a database that is down, as this module says."""
    app.register_error_handler(HTTPException, answer_error)
    for broken in (OperationalError, InterfaceError, PoolExhausted):
        app.register_error_handler(broken, answer_database_down)


def answers_software(path: str) -> bool:
    """Whether what lives at `path` is called by software, which wants JSON."""
    return path.startswith((_API, *_OAUTH))


def answer_error(error: HTTPException) -> Response | HTTPException:
    """The page or JSON for an HTTP error; what a view answered by itself stays as it is."""
    if isinstance(error, RequestRedirect) or error.response is not None:
        return error
    status = error.code or 500
    response = _json(status) if answers_software(request.path) else _page(status, error)
    offered: Headers = Headers(error.get_headers())
    for name in _KEPT_HEADERS:
        if name in offered:
            response.headers[name] = offered[name]
    if isinstance(retry_after := getattr(error, "retry_after", None), int):
        response.headers["Retry-After"] = str(retry_after)
    return response


def answer_database_down(error: Exception) -> Response | HTTPException:
    """503: the request may be repeated. The log names the error's kind only, as its text may hold what was typed."""
    cause = getattr(error, "orig", None) or error
    log.error("database_unavailable", error=type(cause).__name__)
    return answer_error(ServiceUnavailable(retry_after=RETRY_SECONDS))


def _page(status: int, error: HTTPException) -> Response:
    words = _FORM_NOT_OURS if isinstance(error, FormNotOurs) else _WORDS.get(status)
    if words is None:
        words = _BROKEN if status >= 500 else _BAD_REQUEST
    page = render_template(
        "kit/error.html",
        layout="kit/console_layout.html" if _is_console(request.path) else "kit/layout.html",
        words=words,
        reference=request_id(),
        again=_page_to_open_again(status),
    )
    return current_app.make_response((page, status))


def _is_console(path: str) -> bool:
    """Whether staff see this page, not teachers."""
    return path == _CONSOLE or path.startswith(f"{_CONSOLE}/")


def _page_to_open_again(status: int) -> str | None:
    """The same address, when it is a page that can be opened and opening it may help."""
    if request.method == "GET":
        return request.full_path.rstrip("?") if status in {429, 500, 503} else None
    rule = request.url_rule
    if rule is None or "GET" not in (rule.methods or ()):
        return None
    return quote(request.path) if status in {400, 409, 413, 429, 500, 503} else None


def _json(status: int) -> Response:
    if request.path.startswith(_API):
        title = str(_WORDS.get(status, _BAD_REQUEST).title)
        problem = {"type": "about:blank", "title": title, "status": status, "instance": f"urn:request:{request_id()}"}
        return Response(json.dumps(problem), status, mimetype="application/problem+json")
    code = _OAUTH_CODES.get(status, "invalid_request")
    described = f"{status}, reference {request_id()}"
    return Response(json.dumps({"error": code, "error_description": described}), status, mimetype="application/json")
