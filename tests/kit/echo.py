"""A small WSGI application that says what it was asked, for trying the server that carries ours."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# What differs from one run to the next, and what only gunicorn's own way offers.
_LEFT_OUT = ("SERVER_PORT", "REMOTE_PORT", "HTTP_HOST")
TEXT = ("Content-Type", "text/plain")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the path asks for."""
    return _PLACES.get(environ["PATH_INFO"], _said)(environ, start_response)


def _said(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    told = {name: value for name, value in environ.items() if isinstance(value, str | bool) and name not in _LEFT_OUT}
    body = environ["wsgi.input"].read()
    text = "\n".join([*(f"{name}={value!r}" for name, value in sorted(told.items())), repr(body)]).encode()
    start_response("200 OK", [TEXT, ("Content-Length", str(len(text))), ("X-Frame-Options", "DENY")])
    return [text]


def _unread(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "6")])
    return (b"unread",)


def _pieces(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT])
    return iter([b"one", b"", b"two"])


def _too_much(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "3")])
    return [b"one", b"two"]


def _no_content(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 No Content", [("Content-Length", "0"), ("X-Said", "nothing")])
    return []


def _moved(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("303 SEE OTHER", [("Location", "/elsewhere"), ("Content-Length", "0"), ("Connection", "upgrade")])
    return [b""]


def _file(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "4")])
    wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](BytesIO(b"file"))
    return wrapped


def _split(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("X-Said", "one\r\nSet-Cookie: two=2")])
    return [b"split"]


def _failing(_: WSGIEnvironment, __: StartResponse) -> Iterable[bytes]:
    raise RuntimeError("as it was asked to")


def _failing_late(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT])
    yield b"begun"
    raise RuntimeError("as it was asked to")


_PLACES = {
    "/unread": _unread,
    "/pieces": _pieces,
    "/too-much": _too_much,
    "/no-content": _no_content,
    "/moved": _moved,
    "/file": _file,
    "/split": _split,
    "/failing": _failing,
    "/failing-late": _failing_late,
}
