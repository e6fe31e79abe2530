"""Signing out at a service's request (OpenID Connect RP-Initiated Logout 1.0).

A GET never signs anybody out by itself: browsers prefetch links, and any page can load an image (attack 53). Where
the service shows a valid hint for the session at this browser, the page's form sends itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.headers import allow_form_to_lead_to
from identity_provider.kit.session import current_session, sign_out
from identity_provider.models import Client
from identity_provider.oidc import answers, hints
from identity_provider.oidc.blueprint import bp
from identity_provider.services import browser_sessions, clients, sign_outs, subjects


@dataclass(frozen=True, slots=True)
class SignOut:
    """A sign-out that a service asked for, as far as it holds up."""

    client: Client | None = None
    return_to: str | None = None
    state: str | None = None
    hint: hints.Hint | None = None
    # Why nobody will be sent back, in words for the person.
    problem: str = ""

    def carried(self) -> dict[str, str]:
        """What the page's own form says again, to be checked again."""
        values = {
            "client_id": self.client.id if self.client else None,
            "post_logout_redirect_uri": self.return_to,
            "state": self.state,
        }
        return {name: value for name, value in values.items() if value}

    def means(self, session_id: UUID) -> bool:
        """Whether the hint was given in this session."""
        hint = self.hint
        return hint is not None and hint.session_name == subjects.session_name(hint.client_id, session_id)

    def leave(self) -> ResponseReturnValue:
        """Back to the service when it may be, else a page that says that it is done."""
        if self.return_to is None:
            return render_template("oidc/signed_out.html", client=self.client)
        return answers.redirect_with(self.return_to, {"state": self.state} if self.state else {})


@bp.route("/connect/signout", methods=["GET", "POST"])
@open_to(Audience.ANYONE)
@csrf_exempt("services send people here from elsewhere; it only shows a page with a guarded form")
def signout() -> ResponseReturnValue:
    """Ask whether to sign out, unless nobody is signed in."""
    asked = _read(request.form if request.method == "POST" else request.args)
    session = current_session()
    if session is None and not asked.problem:
        _end_what_outlived(asked)
        return asked.leave()
    at_once = session is not None and asked.means(session.id)
    if asked.return_to:
        allow_form_to_lead_to(asked.return_to)
    page = render_template(
        "oidc/sign_out.html", asked=asked, at_once=at_once, signed_in=session is not None, carried=asked.carried()
    )
    return page, 400 if asked.problem else 200


@bp.post("/connect/signout/confirm")
@open_to(Audience.ANYONE)
def confirm_signout() -> ResponseReturnValue:
    """Sign out, on the server too, and end what was granted in this session."""
    asked = _read(request.form)
    session = current_session()
    with transaction():
        if session is not None:
            sign_outs.end_grants(session, now=ports().clock.now())
        sign_out()
    return asked.leave()


def _end_what_outlived(asked: SignOut) -> None:
    """The session may be over long before what was granted in it: who holds an ID token of it can have that ended."""
    hint = asked.hint
    if asked.client is None or hint is None or hint.session_name is None:
        return
    with transaction():
        user_id = subjects.user_known_as(asked.client, hint.subject)
        if user_id is not None:
            browser_sessions.end_what_outlived(user_id, asked.client.id, hint.session_name, now=ports().clock.now())


def _read(sent: Mapping[str, str]) -> SignOut:
    hint_text, client_id, return_to = (
        sent.get(key) for key in ("id_token_hint", "client_id", "post_logout_redirect_uri")
    )
    hint = hints.read(hint_text) if hint_text else None
    if hint_text and hint is None:
        return SignOut(problem=_("The service that sent you here did not show us which sign-in it means."))
    if hint and client_id and hint.client_id != client_id:
        return SignOut(problem=_("The service that sent you here means a sign-in at another service."))
    named = hint.client_id if hint else client_id
    client = clients.find(named) if named else clients.owner_of_bare_address(return_to)
    if return_to and (client is None or not client.is_enabled or return_to not in client.post_logout_redirect_uris):
        return SignOut(client=client, problem=_("The address to return to is not registered for this service."))
    return SignOut(client, return_to or None, sent.get("state") or None, hint)
