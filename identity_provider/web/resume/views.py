"""The emailed link: opening it changes nothing, a button sends a fresh code, and the code signs the person in.

So a mail scanner that follows every link uses nothing up, and whoever only has the link gets nowhere (attack 32).
"""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_of_browser
from identity_provider.kit.languages import current_language
from identity_provider.kit.links import LinkExpired, LinkInvalid, read_link
from identity_provider.kit.requests import visitor
from identity_provider.kit.second_clicks import offer
from identity_provider.models import Client, ResumeLink
from identity_provider.services import audit, code_limits, measures, resume
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.code_limits import Door
from identity_provider.web.resume import way_on
from identity_provider.web.resume.forms import CodeForm

bp = Blueprint("resume", __name__, url_prefix="/resume", template_folder="templates")


class LinkOver(Exception):
    """The link was used, has expired, is not ours, or was `withdrawn`; `client` is where it led to, when known."""

    def __init__(self, client: Client | None, *, withdrawn: bool = False) -> None:
        super().__init__("this link cannot be used")
        self.client = client
        self.withdrawn = withdrawn


@bp.get("/<token>")
@open_to(Audience.ANYONE)
def show(token: str) -> ResponseReturnValue:
    """Say what the link is for. Nothing changes by opening it."""
    link = _usable(token)
    elsewhere = request.args.get("elsewhere") == "1"
    return render_template("resume/continue.html", token=token, elsewhere=elsewhere, **_words(link))


@bp.post("/<token>")
@open_to(Audience.ANYONE)
def send_code(token: str) -> ResponseReturnValue:
    """Send a fresh code to the person's address."""
    link, now = _usable(token), ports().clock.now()
    address = link.ticket.user.email
    with transaction():
        code_limits.count_sending(Door.PERSON, address, visitor(), now=now)
    with transaction():
        resume.send_code(link, session.browser_secret(), locale=current_language(), now=now)
    return redirect(url_for(".code", token=token), 303)


@bp.get("/<token>/code")
@open_to(Audience.ANYONE)
def code(token: str) -> ResponseReturnValue:
    """Ask for the code."""
    link = _usable(token)
    if not resume.is_code_sent(link, session.browser_secret(), now=ports().clock.now()):
        return redirect(url_for(".show", token=token, elsewhere=1), 303)
    return _code_page(link, token, CodeForm())


@bp.post("/<token>/code")
@open_to(Audience.ANYONE)
@csrf_of_browser
def check_code(token: str) -> ResponseReturnValue:
    """The right code uses the link up, signs the person in and sends them on."""
    link, form, now = _known(token), CodeForm(), ports().clock.now()
    if not resume.is_usable(link, now=now):
        return _second_click(link, token, form, counted=False) or _over(link)
    if not form.validate():
        return _code_page(link, token, form), 422
    with transaction():
        code_limits.count_guess(Door.PERSON, link.ticket.user.email, visitor(), now=now)
    with transaction():
        right = resume.check_code(link, session.browser_secret(), str(form.code.data), now=now)
        if right:
            code_limits.forgive_guess(Door.PERSON, link.ticket.user.email, visitor(), now=now)
        address = _sign_in(link) if right and resume.use(link, now=now) else None
    if right and address is None:
        return _over(link)
    if address is None:
        led_on = _second_click(link, token, form, counted=True)
        if led_on is not None:
            return led_on
        form.code.errors = [_("The code you entered is not correct or can no longer be used")]
        return _code_page(link, token, form), 422
    return redirect(address, 303)


@bp.post("/<token>/code/carry-on")
@open_to(Audience.ANYONE)
@csrf_of_browser
def carry_on(token: str) -> ResponseReturnValue:
    """Go on where a code was accepted, but the answer that said so never came to this browser: no other is needed."""
    link, now = _known(token), ports().clock.now()
    with transaction():
        may = resume.may_carry_on(link, session.browser_secret(), request.form.get("proof", ""), now=now)
        address = _sign_in(link) if may else None
    return redirect(address, 303) if address is not None else _over(link)


@bp.get("/done")
@open_to(Audience.PERSON)
def signed_in() -> ResponseReturnValue:
    """For a service that cannot be told to begin: the person follows a link to it."""
    user = session.current_user()
    if user is None:
        raise LinkOver(None)
    case = resume.last_case_of(user)
    client = case.client if case is not None else None
    return render_template(
        "resume/signed_in.html",
        found=user.trn is not None,
        service_name=client.name if client else None,
        start=way_on.start_of(client),
    )


@bp.errorhandler(LinkOver)
def link_over(over: LinkOver) -> ResponseReturnValue:
    """Words, and a way on."""
    page = render_template(
        "resume/over.html",
        service_name=over.client.name if over.client else None,
        start=way_on.start_of(over.client),
        withdrawn=over.withdrawn,
    )
    return page, 410


@bp.errorhandler(RateLimited)
def too_many(limited: RateLimited) -> ResponseReturnValue:
    """When to come back, in words and for software, and the way there."""
    seconds = max(1, int(limited.retry_after.total_seconds()))
    page = render_template("resume/too_often.html", minutes=-(-seconds // 60), token=(request.view_args or {})["token"])
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _usable(token: str) -> ResumeLink:
    """The link of this token, if it still leads anywhere. Raises LinkOver."""
    link = _known(token)
    return link if resume.is_usable(link, now=ports().clock.now()) else _over(link)


def _known(token: str) -> ResumeLink:
    """The link of this token, used or not. Raises LinkOver."""
    now = ports().clock.now()
    try:
        link_id = UUID(read_link(resume.PURPOSE, token, now=now)[resume.LINK_ID])
    except LinkInvalid:
        measures.refused("resume_link")
        raise LinkOver(None) from None
    except LinkExpired as expired:
        link_id = UUID(expired.content[resume.LINK_ID])
    link = db.session.get(ResumeLink, link_id)
    if link is None:
        raise LinkOver(None)
    return link


def _over(link: ResumeLink) -> NoReturn:
    raise LinkOver(link.ticket.client, withdrawn=resume.was_withdrawn(link))


def _second_click(link: ResumeLink, token: str, form: CodeForm, *, counted: bool) -> ResponseReturnValue | None:
    """The page that leads on whoever sent the code again by which the link was used; None for any other."""
    passed = resume.passed_lately(link, session.browser_secret())
    if passed is None or not form.validate():
        return None
    way_on.let_forms_lead_on(link.ticket.client)
    return offer(passed, str(form.code.data), url_for(".carry_on", token=token), counted=counted)


def _sign_in(link: ResumeLink) -> str:
    """Sign the person in, in the caller's transaction, and return the address to go on to."""
    now, client, user = ports().clock.now(), link.ticket.client, link.ticket.user
    session.sign_in(user, amr=["otp"], client_id=client.id if client is not None else "")
    audit.record("resume_link_used", Subject("user", user.id), actor=Actor.of(user), now=now)
    journey = way_on.living_journey(user, client, now=now)
    if journey is not None:
        return way_on.go_on(journey, now=now)
    return way_on.begin_anew(user, client) or way_on.arrived_at()


def _code_page(link: ResumeLink, token: str, form: CodeForm) -> str:
    way_on.let_forms_lead_on(link.ticket.client)
    used_up = resume.is_used_up(link, session.browser_secret())
    return render_template(
        "resume/code.html",
        token=token,
        # The box is gone with the last try, and so is anything that was wrong in it.
        form=None if used_up else form,
        back_url=url_for(".show", token=token),
        **_words(link),
    )


def _words(link: ResumeLink) -> dict[str, object]:
    client = link.ticket.client
    return {"service_name": client.name if client else None, "address": link.ticket.user.email}
