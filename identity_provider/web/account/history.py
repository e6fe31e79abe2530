"""When and where a person signed in, where they still are, and how to end that."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.authentication import PROOF_OF_POSSESSION
from identity_provider.kit import session
from identity_provider.kit.app import ports
from identity_provider.kit.devices import device_words
from identity_provider.kit.persons import for_person
from identity_provider.kit.written import written_moment
from identity_provider.models import BrowserSession, User
from identity_provider.services import accounts, audit, browser_sessions, sign_in_history
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.sign_in_history import Entry
from identity_provider.web.account.entrance import bp

ON_A_PAGE = 20


@bp.get("/history")
@for_person
def history(person: User) -> ResponseReturnValue:
    """Every sign-in of the last ninety days, the newest first."""
    entries = sign_in_history.of(person, now=ports().clock.now())
    pages = max(1, -(-len(entries) // ON_A_PAGE))
    page = min(max(1, request.args.get("page", 1, int)), pages)
    shown = [_line(each) for each in entries[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]]
    return render_template("account/history.html", lines=shown, page=page, pages=pages, days=sign_in_history.KEPT.days)


@bp.get("/sessions")
@for_person
def sessions(person: User) -> ResponseReturnValue:
    """The browsers in which the person is signed in."""
    here = session.current_session()
    found = browser_sessions.open_ones_of(person, now=ports().clock.now())
    return render_template("account/sessions.html", sessions=[_browser(each, here) for each in found])


@bp.post("/sessions/<uuid:session_id>/end")
@for_person
def end_session(person: User, session_id: UUID) -> ResponseReturnValue:
    """Sign out in one of them; one that is somebody else's is not there."""
    now, here = ports().clock.now(), session.current_session()
    with transaction():
        found = next((each for each in browser_sessions.open_ones_of(person, now=now) if each.id == session_id), None)
        if found is None:
            abort(404)
        if here is not None and found.id == here.id:
            session.sign_out()
        else:
            browser_sessions.end(found, now=now)
        audit.record("session_ended", Subject("user", person.id), actor=Actor.of(person), now=now)
    flash(_("You are signed out on that device"), "success")
    return redirect(url_for(".sessions"), 303)


@bp.post("/sign-out-everywhere")
@for_person
def sign_out_everywhere(person: User) -> ResponseReturnValue:
    """End every session, everything that services were granted in any, and tell those that want to be told."""
    now = ports().clock.now()
    with transaction():
        browser_sessions.end_all_of(accounts.held(person.id), now=now)
        audit.record("signed_out_everywhere", Subject("user", person.id), actor=Actor.of(person), now=now)
        session.sign_out()
    flash(_("You are signed out everywhere"), "success")
    return redirect(url_for(".sign_in"), 303)


def _line(entry: Entry) -> list[str]:
    service = entry.service or str(_("Your account"))
    return [written_moment(entry.at), service, _how(entry.amr), device_words(entry.device)]


def _how(amr: tuple[str, ...]) -> str:
    """How the person proved who they are (RFC 8176), as they would say it."""
    if PROOF_OF_POSSESSION in amr:
        return str(_("Passkey"))
    if {"fed", "one_login"} & set(amr):
        return str(_("GOV.UK One Login"))
    return str(_("Code by email")) if "otp" in amr else str(_("Another way"))


def _browser(each: BrowserSession, here: BrowserSession | None) -> dict[str, object]:
    return {
        "id": each.id,
        "device": device_words(each.device),
        "is_here": here is not None and each.id == here.id,
        "since": written_moment(each.created_at),
        "seen": written_moment(each.last_seen_at),
    }
