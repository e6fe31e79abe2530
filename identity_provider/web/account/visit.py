"""Coming to the account from a service, which names itself and where it wants the person back."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.services import account_visits
from identity_provider.services.account_visits import NotFromAService
from identity_provider.web.account.entrance import bp
from identity_provider.web.account.home import home

PARAMETERS = ("client_id", "redirect_uri", "sign_out_uri")


@bp.get("", endpoint="home")
@open_to(Audience.PERSON)
def arrive() -> ResponseReturnValue:
    """Remember where the person came from, before anything else; then show the account."""
    if not any(each in request.args for each in PARAMETERS):
        return home()
    if any(len(request.args.getlist(each)) > 1 for each in PARAMETERS):
        raise NotFromAService
    client_id, back, sign_out = (request.args.get(each, "") for each in PARAMETERS)
    with transaction():
        account_visits.begin(session.browser_secret(), client_id, back, sign_out, now=ports().clock.now())
    return redirect(url_for("account.home"), 303)


@bp.errorhandler(NotFromAService)
def not_from_a_service(_: NotFromAService) -> ResponseReturnValue:
    """Nobody is sent to an address that no service registered; the account itself is one click away."""
    return render_template("account/not_from_service.html"), 400
