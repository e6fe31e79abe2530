"""Who is at the browser: the cookies, and the rows that they lead to."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from identity_provider.db import transaction
from identity_provider.kit.app import ports, settings
from identity_provider.kit.devices import device_of
from identity_provider.kit.languages import current_language
from identity_provider.models import BrowserSession, StaffUser, User
from identity_provider.services import account_sign_in, browser_sessions, journeys, sign_in_history
from identity_provider.services.persons import SignedIn
from identity_provider.vault import new_secret

_BROWSER = "browser"
_PERSON = "session"
_STAFF = "staff_session"


def init_sessions(app: Flask) -> None:
    """Set the cookies that a request asked for, whatever becomes of its response."""
    app.session_interface = FlashCookie()
    app.after_request(_set_cookies)


class FlashCookie(SecureCookieSessionInterface):
    """Flask's own cookie, which is looked into only where there is one or something was said."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if app.config["SESSION_COOKIE_NAME"] not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified or session.accessed:
            super().save_session(app, session, response)


def browser_secret() -> str:
    """The secret that binds journeys and forms to this browser; made, and its cookie set, when it has none."""
    if "browser_secret" not in g:
        known = request.cookies.get(settings().cookie_name(_BROWSER), "")
        g.browser_secret = known if len(known) >= 40 else new_secret()
        if g.browser_secret != known:
            _set(_BROWSER, g.browser_secret)
    return str(g.browser_secret)


def current_session() -> BrowserSession | None:
    """The session of the person at the browser, if signed in."""
    return _load(_PERSON)


def signed_in_now() -> SignedIn | None:
    """The session of the person at the browser, read for an answer at once and not to be changed."""
    now = ports().clock.now()
    secret = request.cookies.get(settings().cookie_name(_PERSON), "")
    session = browser_sessions.signed_in(secret, now=now) if secret else None
    if session is not None and browser_sessions.needs_touch(session, now=now):
        browser_sessions.touch_at_once(session, now=now)
    return session


def current_user() -> User | None:
    """The person at the browser, if signed in."""
    session = current_session()
    return session.user if session else None


def current_staff_session() -> BrowserSession | None:
    """The session of the member of staff at the browser, if signed in."""
    return _load(_STAFF)


def current_staff() -> StaffUser | None:
    """The member of staff at the browser, if signed in."""
    session = current_staff_session()
    return session.staff if session else None


def sign_in(
    person: User | StaffUser, *, amr: list[str], client_id: str = "", journey_id: UUID | None = None
) -> BrowserSession:
    """Begin or renew a session under a new secret, in the caller's transaction, and set its cookie.

    A session of somebody else in the same browser is ended (attacks 24 and 25 of oidc.md), and so is what that person
    had half done here, also where their session has run out; but not the journey of `journey_id`, in which this one
    signs in. `client_id` is the service that the person signs in to, for their history; empty for their own account.
    """
    name = _STAFF if isinstance(person, StaffUser) else _PERSON
    now = ports().clock.now()
    session = _load(name)
    goes_on = session is not None and session.ended_at is None
    if session is not None and goes_on and person.id in (session.user_id, session.staff_id):
        secret = browser_sessions.authenticate_again(session, amr=amr, now=now)
        person.last_signed_in_at = now
    else:
        if session is not None:
            browser_sessions.end(session, now=now)
        if isinstance(person, User) and session is not None:
            journeys.close_those_of(browser_secret(), now=now, but=journey_id, but_of=person.id)
        elif isinstance(person, User):
            journeys.close_of_others(browser_secret(), person, now=now, but=journey_id)
        session, secret = browser_sessions.begin(person, amr=amr, now=now)
    session.device = device_of(request.user_agent.string)
    if isinstance(person, User):
        person.language = current_language()
        sign_in_history.note(session, person, client_id)
    setattr(g, f"loaded_{name}", session)
    _set(name, secret)
    return session


def sign_out(*, staff: bool = False) -> None:
    """End the session on the server, in the caller's transaction, with what its person had half done in this browser.

    Its cookie is removed.
    """
    name = _STAFF if staff else _PERSON
    session, now = _load(name), ports().clock.now()
    if session is not None:
        browser_sessions.end(session, now=now)
    if not staff:
        journeys.close_those_of(browser_secret(), now=now)
        account_sign_in.forget(browser_secret())
    setattr(g, f"loaded_{name}", None)
    _set(name, "")


def _load(name: str) -> BrowserSession | None:
    key = f"loaded_{name}"
    if key not in g:
        secret = request.cookies.get(settings().cookie_name(name), "")
        setattr(g, key, _find(name, secret) if secret else None)
    found: BrowserSession | None = getattr(g, key)
    return found


def _find(name: str, secret: str) -> BrowserSession | None:
    now = ports().clock.now()
    session = browser_sessions.find(secret, now=now)
    if session is None or bool(session.staff_id) != (name == _STAFF):
        return None
    if browser_sessions.needs_touch(session, now=now):
        with transaction():
            browser_sessions.touch(session, now=now)
    return session


def _set(name: str, value: str) -> None:
    g.setdefault("cookies_to_set", {})[name] = value


def _set_cookies(response: Response) -> Response:
    for name, value in g.get("cookies_to_set", {}).items():
        full = settings().cookie_name(name)
        if value:
            response.set_cookie(full, value, httponly=True, secure=settings().secure, samesite="Lax", path="/")
        else:
            response.delete_cookie(full, httponly=True, secure=settings().secure, samesite="Lax", path="/")
    return response
