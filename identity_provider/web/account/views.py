"""The services that know something of a person, and how to end that."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.kit.persons import for_person
from identity_provider.kit.written import written_date
from identity_provider.models import User
from identity_provider.services import accounts, consents
from identity_provider.services.consents import ServiceUsed
from identity_provider.web.account import again, contacts, history, names, visit
from identity_provider.web.account.entrance import bp

__all__ = ["again", "bp", "contacts", "history", "names", "visit"]


@bp.get("/services")
@for_person
def services(person: User) -> ResponseReturnValue:
    """Every service that still knows something of the person by us."""
    used = consents.services_used(person)
    return render_template("account/services.html", services=[_shown(each) for each in used], person=person)


@bp.get("/services/<client_id>")
@for_person
def service(person: User, client_id: str) -> ResponseReturnValue:
    """Ask whether sharing with this service shall really end."""
    used = {each.client.id: each for each in consents.services_used(person)}
    if client_id not in used:
        abort(404)
    return render_template("account/stop.html", service=_shown(used[client_id]), back_url=url_for(".services"))


@bp.post("/services/<client_id>")
@for_person
def stop(person: User, client_id: str) -> ResponseReturnValue:
    """End it: the permission, and everything that the service was granted."""
    try:
        with transaction():
            client = consents.withdraw(accounts.held(person.id), client_id, now=ports().clock.now())
    except IllegalMove:
        # A second click, or another tab, was quicker.
        return redirect(url_for(".services"), 303)
    flash(_("You have stopped sharing your details with %(service)s", service=client.name), "success")
    return redirect(url_for(".services"), 303)


def _shown(used: ServiceUsed) -> dict[str, object]:
    return {
        "id": used.client.id,
        "name": used.client.name,
        "since": written_date(used.since.date()),
        "allowed_on": written_date(used.consent.granted_at.date()) if used.consent else None,
        "knows": [_words()[scope] for scope in _in_order(used.consent.scopes)] if used.consent else [],
        "third_party": not used.client.first_party,
    }


def _in_order(scopes: list[str]) -> list[str]:
    """The scopes as they are told: "these details" stands after the details."""
    return sorted(scopes, key=lambda scope: scope == "offline_access")


def _words() -> dict[str, str]:
    """What each scope lets a service know, as a list of things."""
    return {
        "openid": _("that it is you who comes back"),
        "profile": _("your name and date of birth"),
        "email": _("your email address"),
        "phone": _("your mobile phone number"),
        "offline_access": _("these details, also when you are not there"),
        "trn": _("your teacher reference number (TRN)"),
        "dqt:read": _("your teaching record"),
    }
