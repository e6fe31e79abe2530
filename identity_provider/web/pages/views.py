"""Pages that anyone may read: what the service is, cookies, privacy, accessibility, contact."""

from __future__ import annotations

from flask import Blueprint, render_template

from identity_provider.domain.change_requests import DECIDED_FOR, EVIDENCE_AFTER_DECISION
from identity_provider.domain.evidence import UNDECIDED
from identity_provider.kit.access import Audience, open_to
from identity_provider.services import audit_chain, contact_changes, retention, sign_in_history

bp = Blueprint("pages", __name__, template_folder="templates")

_KEPT = {
    "unfinished": retention.ABANDONED.days,
    "history": sign_in_history.KEPT.days,
    "sessions": retention.SESSIONS.days,
    "sent": retention.OUTBOX.days,
    "former": (contact_changes.REVERSIBLE_FOR + retention.ABANDONED).days,
    "evidence": EVIDENCE_AFTER_DECISION.days,
    "undecided": UNDECIDED.days,
    "decided": DECIDED_FOR.days // 365,
    "audit": audit_chain.KEPT.days // 365,
}
"""How long things are kept, as those who delete them say it: the privacy page promises it."""


@bp.get("/")
@open_to(Audience.ANYONE)
def home() -> str:
    """What this is, for somebody who came by the address alone."""
    return render_template("pages/home.html")


@bp.get("/cookies")
@open_to(Audience.ANYONE)
def cookies() -> str:
    return render_template("pages/cookies.html")


@bp.get("/privacy")
@open_to(Audience.ANYONE)
def privacy() -> str:
    return render_template("pages/privacy.html", kept=_KEPT)


@bp.get("/accessibility")
@open_to(Audience.ANYONE)
def accessibility() -> str:
    return render_template("pages/accessibility.html")


@bp.get("/contact")
@open_to(Audience.ANYONE)
def contact() -> str:
    return render_template("pages/contact.html")
