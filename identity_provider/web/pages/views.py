"""Pages that anyone may read: what the service is, cookies, privacy, accessibility, contact."""

from __future__ import annotations

from flask import Blueprint, render_template

from identity_provider.kit.access import Audience, open_to

bp = Blueprint("pages", __name__, template_folder="templates")


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
    return render_template("pages/privacy.html")


@bp.get("/accessibility")
@open_to(Audience.ANYONE)
def accessibility() -> str:
    return render_template("pages/accessibility.html")


@bp.get("/contact")
@open_to(Audience.ANYONE)
def contact() -> str:
    return render_template("pages/contact.html")
