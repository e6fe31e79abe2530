"""Checking an award: anybody who was given a code enters it with the date of birth of whoever gave it."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.requests import visitor
from identity_provider.models import AwardCheck
from identity_provider.services import award_codes
from identity_provider.services.award_codes import Looking
from identity_provider.web.awards.forms import CheckForm
from identity_provider.web.awards.switch import refuse_while_off

bp = Blueprint("award_check", __name__, url_prefix="/check-an-award", template_folder="templates")

bp.before_request(refuse_while_off)


@bp.get("")
@open_to(Audience.ANYONE)
def ask() -> ResponseReturnValue:
    """The form only: nothing is looked up by an address."""
    return render_template("awards/check.html", form=CheckForm())


@bp.post("")
@open_to(Audience.ANYONE)
def check() -> ResponseReturnValue:
    """The award, or one answer for everything that is wrong."""
    form = CheckForm()
    if not form.validate():
        return render_template("awards/check.html", form=form), 422
    look = _look(form)
    if look is None:
        form.form_errors.append(
            _("We cannot show an award for this code and date of birth. Check both, or ask for a new code.")
        )
        return render_template("awards/check.html", form=form), 422
    return render_template("awards/checked.html", look=look, award=look.code.award)


@bp.errorhandler(RateLimited)
def too_often(limited: RateLimited) -> ResponseReturnValue:
    """When to come back, in words and for software."""
    seconds = max(1, int(limited.retry_after.total_seconds()))
    response = make_response(render_template("awards/checked_too_often.html", minutes=-(-seconds // 60)), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _look(form: CheckForm) -> AwardCheck | None:
    now, typed, born = ports().clock.now(), str(form.code.data), form.date_of_birth.data
    who = Looking(str(form.organisation.data), str(form.reason.data))
    with transaction():
        award_codes.count_try(typed, visitor(), now=now)
    with transaction():
        look = award_codes.check(typed, born, who, now=now)
        if look is not None:
            award_codes.forgive_try(visitor(), now=now)
    return look
