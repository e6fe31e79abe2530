"""A person's own awards: each with its certificate, the codes that share it, and who looked."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.adapters.typesetting import NotTypeset
from identity_provider.db import transaction
from identity_provider.domain.errors import IllegalMove, RateLimited
from identity_provider.kit.app import ports
from identity_provider.kit.languages import current_language
from identity_provider.kit.persons import for_person
from identity_provider.models import Award, AwardCode, User
from identity_provider.services import award_codes, awards
from identity_provider.services.award_codes import LIFETIMES, CodeState, TooManyCodes
from identity_provider.web.awards import certificate
from identity_provider.web.awards.forms import ShareForm
from identity_provider.web.awards.switch import refuse_while_off

bp = Blueprint("awards", __name__, url_prefix="/account/awards", template_folder="templates")

bp.before_request(refuse_while_off)


@bp.get("")
@for_person
def held(person: User) -> ResponseReturnValue:
    """Every award of the person."""
    return render_template("awards/held.html", awards=awards.held_by(person))


@bp.get("/<uuid:award_id>")
@for_person
def one(person: User, award_id: UUID) -> ResponseReturnValue:
    """One award, its codes, and who looked at it."""
    award, now = _mine(person, award_id), ports().clock.now()
    codes = [(each, award_codes.state_of(each, now)) for each in award_codes.codes_of(award)]
    return render_template(
        "awards/award.html",
        award=award,
        codes=codes,
        looks=award_codes.looks_at(award),
        may_share=not award.is_withdrawn and person.date_of_birth is not None,
        states=_states(),
        colours=_COLOURS,
        usable=CodeState.USABLE,
        back_url=url_for(".held"),
    )


@bp.get("/<uuid:award_id>/certificate.pdf")
@for_person
def download(person: User, award_id: UUID) -> ResponseReturnValue:
    """The certificate; one that was withdrawn has none."""
    award = _mine(person, award_id)
    if award.is_withdrawn:
        return redirect(url_for(".one", award_id=award_id), 303)
    words = certificate.words_of(award)
    with transaction():
        awards.note_certificate(award, now=ports().clock.now())
    try:
        made = certificate.certificate_of(words)
    except NotTypeset:
        return render_template("awards/no_certificate.html", award=award, back_url=_at(award)), 422
    name = certificate.file_name(award)
    response = send_file(BytesIO(made), "application/pdf", as_attachment=True, download_name=name, etag=False)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/<uuid:award_id>/email")
@for_person
def email(person: User, award_id: UUID) -> ResponseReturnValue:
    """Have the link to the certificate sent to the person's own address."""
    award = _mine(person, award_id)
    if not award.is_withdrawn:
        with transaction():
            awards.send_certificate(award, locale=current_language(), now=ports().clock.now())
        flash(_("We have sent a link to the certificate to %(address)s", address=person.email), "success")
    return redirect(_at(award), 303)


@bp.route("/<uuid:award_id>/share", methods=["GET", "POST"])
@for_person
def share(person: User, award_id: UUID) -> ResponseReturnValue:
    """Make a code, which is shown this once."""
    award, form = _mine(person, award_id), ShareForm(data={"lifetime": "month"})
    if award.is_withdrawn or person.date_of_birth is None:
        return redirect(_at(award), 303)
    if not form.validate_on_submit():
        page = render_template("awards/share.html", award=award, form=form, back_url=_at(award))
        return page, 422 if form.errors else 200
    lifetime = LIFETIMES[str(form.lifetime.data)]
    try:
        with transaction():
            code, shown = award_codes.make(award, str(form.given_to.data), lifetime, now=ports().clock.now())
    except TooManyCodes:
        form.form_errors.append(_("You have too many codes for this award. End one of them first."))
        return render_template("awards/share.html", award=award, form=form, back_url=_at(award)), 422
    except IllegalMove:
        # Withdrawn while the page was open.
        return redirect(_at(award), 303)
    where = certificate.where_to_check()
    return render_template("awards/shared.html", code=code, shown=shown, where=where, back_url=_at(award))


@bp.get("/<uuid:award_id>/codes/<uuid:code_id>")
@for_person
def ask_to_revoke(person: User, award_id: UUID, code_id: UUID) -> ResponseReturnValue:
    """Ask whether a code shall really stop working."""
    award = _mine(person, award_id)
    return render_template("awards/revoke.html", award=award, code=_code_of(award, code_id), back_url=_at(award))


@bp.post("/<uuid:award_id>/codes/<uuid:code_id>")
@for_person
def revoke(person: User, award_id: UUID, code_id: UUID) -> ResponseReturnValue:
    """End a code."""
    award = _mine(person, award_id)
    code = _code_of(award, code_id)
    with transaction():
        award_codes.revoke(code, now=ports().clock.now())
    flash(_("The code for %(whom)s does not work any more", whom=code.given_to), "success")
    return redirect(_at(award), 303)


@bp.errorhandler(RateLimited)
def too_often(limited: RateLimited) -> ResponseReturnValue:
    """When to come back, in words and for software."""
    seconds = max(1, int(limited.retry_after.total_seconds()))
    response = make_response(render_template("awards/too_often.html", back_url=url_for(".held")), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _mine(person: User, award_id: UUID) -> Award:
    """The award, if it is this person's: another's looks like none."""
    return awards.mine(person, award_id) or abort(404)


def _code_of(award: Award, code_id: UUID) -> AwardCode:
    return award_codes.one_of(award, code_id) or abort(404)


def _at(award: Award) -> str:
    return url_for(".one", award_id=award.id)


def _states() -> dict[CodeState, str]:
    return {
        CodeState.USABLE: _("In use"),
        CodeState.REVOKED: _("Ended by you"),
        CodeState.LOCKED: _("Locked"),
        CodeState.EXPIRED: _("Expired"),
    }


_COLOURS = {CodeState.USABLE: "green", CodeState.REVOKED: "grey", CodeState.LOCKED: "red", CodeState.EXPIRED: "grey"}
