"""What no view should meet: oversize, unmeasured or unreadable requests are refused here, before anything else."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

from flask import Flask, Request, current_app, redirect
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import (
    BadRequest,
    LengthRequired,
    RequestEntityTooLarge,
    RequestURITooLarge,
    ServiceUnavailable,
)
from werkzeug.routing import RequestRedirect

from identity_provider.kit.app import real_request

View = TypeVar("View", bound=Callable[..., object])

MOST_FIELDS = 1_000
LONGEST_QUERY = 16_000
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def accepts_upload(most_bytes: int) -> Callable[[View], View]:
    """Let a view take a body larger than MAX_BODY_BYTES, up to `most_bytes`."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]  # read before the request
        return view

    return mark


def init_request_filters(app: Flask) -> None:
    """Refuse before anything else of the application runs: call it before other `before_request` hooks are set."""
    app.before_request(refuse_bad_requests)
    app.before_request(lead_by_path_alone)


def lead_by_path_alone() -> ResponseReturnValue | None:
    """Where werkzeug would lead to the same address spelt well, on the host of the request, name no host (attack 16).

    That is for doubled slashes, and for one that is missing at the end.
    """
    leads = real_request().routing_exception
    if not isinstance(leads, RequestRedirect):
        return None
    wanted = urlsplit(leads.new_url)
    return redirect(urlunsplit(("", "", "/" + wanted.path.lstrip("/"), wanted.query, "")), leads.code)


def refuse_bad_requests() -> None:
    """400 for bad UTF-8 and NUL, 411 for a body without a length, 413 and 414 for too much (attack 21)."""
    sent = real_request()
    environ = sent.environ
    if len(environ.get("QUERY_STRING", "")) > LONGEST_QUERY:
        raise RequestURITooLarge
    _readable(environ.get("PATH_INFO", "").encode("latin-1"))
    _readable(unquote_to_bytes(environ.get("QUERY_STRING", "").encode("latin-1")))
    if sent.query_string.count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge
    if sent.headers.get("Transfer-Encoding") and sent.content_length is None:
        raise LengthRequired
    if sent.content_length:
        _refuse_bad_body(sent, sent.content_length)


def _refuse_bad_body(sent: Request, length: int) -> None:
    view = current_app.view_functions.get(sent.endpoint or "")
    sent.max_content_length = getattr(view, "most_bytes", current_app.config["MAX_CONTENT_LENGTH"])
    if sent.max_content_length is not None and length > sent.max_content_length:
        raise RequestEntityTooLarge
    if sent.mimetype == "multipart/form-data":
        _refuse_bad_parts(sent)
        return
    try:
        body = sent.get_data(cache=True)
    except OSError as broken:
        raise BadRequest from broken
    if sent.mimetype == "application/x-www-form-urlencoded":
        if body.count(b"&") >= MOST_FIELDS:
            raise RequestEntityTooLarge
        _readable(unquote_to_bytes(body))
    elif sent.is_json:
        _readable_json(body)


def _refuse_bad_parts(sent: Request) -> None:
    """Werkzeug has put U+FFFD in the place of what it could not decode."""
    for name, texts in _read_form(sent).lists():
        if any(bad in text for bad in "\0\ufffd" for text in (name, *texts)):
            raise BadRequest
    for upload in sent.files.values():
        if "\0" in (upload.filename or ""):
            raise BadRequest


def _read_form(sent: Request) -> MultiDict[str, str]:
    """The fields. Reading them writes larger files to a temporary one, for which there may be no room."""
    try:
        return sent.form
    except OSError as broken:
        if broken.errno in _NO_ROOM:
            raise ServiceUnavailable(retry_after=60) from broken
        raise BadRequest from broken


def _readable(sent: bytes) -> None:
    try:
        text = sent.decode("utf-8")
    except UnicodeDecodeError as unreadable:
        raise BadRequest from unreadable
    if "\0" in text:
        raise BadRequest


def _readable_json(body: bytes) -> None:
    """JSON can spell out NUL and halves of characters; whether it is JSON at all is for the view to say."""
    try:
        unchecked: list[object] = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while unchecked:
        value = unchecked.pop()
        if isinstance(value, str):
            _readable(value.encode("utf-8", "surrogatepass"))
        elif isinstance(value, list):
            unchecked.extend(value)
        elif isinstance(value, dict):
            unchecked.extend(value.keys())
            unchecked.extend(value.values())
