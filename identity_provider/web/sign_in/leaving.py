"""The pages between a person and the service: which account it shall be, what the service may know, and refusals."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.prohibitions import Standing
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.app import ports, settings
from identity_provider.kit.session import current_user
from identity_provider.models import Client, Journey
from identity_provider.services import consents, journeys
from identity_provider.web.sign_in.forms import ChooseAccountForm, EmptyForm
from identity_provider.web.sign_in.steps import answers_of, page, show, to_next

CONTINUE, ANOTHER = "continue", "another"
ALLOW = "allow"


@page(Question.CHOOSE_ACCOUNT)
def choose_account(journey: Journey) -> ResponseReturnValue:
    """`prompt=select_account` (OpenID Connect Core 3.1.2.1): the account that is signed in, or another one."""
    person = current_user()
    form = ChooseAccountForm(data={"account": {True: CONTINUE, False: ANOTHER, None: None}[journey.keeps_account]})
    form.account.offer(
        {CONTINUE: _("Continue as %(address)s", address=person.email if person else ""), ANOTHER: _("Another account")}
    )
    if not form.validate_on_submit():
        return show(journey, Question.CHOOSE_ACCOUNT, form)
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.CHOOSE_ACCOUNT):
            return to_next(journey)
        journeys.choose_account(journey, signed_in=form.account.data == CONTINUE)
    return redirect(url_for("sign_in.start", journey_id=journey.id), code=303)


@page(Question.CONSENT)
def consent(journey: Journey) -> ResponseReturnValue:
    """What the service asks for, in the person's words: all of it or nothing."""
    if request.method != "POST":
        return show(journey, Question.CONSENT, EmptyForm(), **_shared(journey))
    allowed, now = request.form.get("answer") == ALLOW, ports().clock.now()
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.CONSENT) or journey.user is None:
            return to_next(journey)
        decide = consents.allow if allowed else consents.note_refusal
        decide(journey.authorization_request, journey.user, now=now)
    return to_next(journey) if allowed else redirect(_refusal_of(journey), code=303)


@page(Question.BARRED)
def barred(journey: Journey) -> ResponseReturnValue:
    """The service refuses this person, or it could not be made sure that it does not. Nothing of a record is told."""
    if request.method != "POST":
        return show(
            journey,
            Question.BARRED,
            EmptyForm(),
            unknown=journey.barred is Standing.UNKNOWN,
            refuse_url=_refusal_of(journey),
            support=settings().support_email,
        )
    with transaction():
        journey = journeys.held(journey)
        journey.barred = None
    return to_next(journey)


def _shared(journey: Journey) -> dict[str, object]:
    client = journey.client
    said = client.registration
    # "These details" stands after the details.
    scopes = sorted(consents.asked_for(journey.authorization_request), key=lambda scope: scope == "offline_access")
    return {
        "items": [_words_of(scope, journey) for scope in scopes],
        "place": urlsplit(journey.authorization_request.redirect_uri).netloc or client.name,
        "policy": said.get("policy_uri"),
        "terms": said.get("tos_uri"),
    }


def _words_of(scope: str, journey: Journey) -> str:
    """What a scope means to a person. Each has its words: what cannot be said cannot be granted (attack 34)."""
    address = journey.user.email if journey.user else ""
    words: dict[str, str] = {
        "openid": _("know you again when you come back"),
        "profile": _("know your name and date of birth"),
        "email": _("know your email address, %(address)s", address=address),
        "phone": _("know your mobile phone number"),
        "offline_access": _("go on using these details when you are not there, until you stop it"),
        "trn": _trn_words(journey.client),
        "dqt:read": _("look at your teaching record, and know your teacher reference number (TRN)"),
    }
    return words[scope]


def _trn_words(client: Client) -> str:
    usual: str = _("know your teacher reference number (TRN), and whether we found your teaching record")
    strict: str = _("know your teacher reference number (TRN) and your National Insurance number")
    return strict if client.match_policy is MatchPolicy.STRICT else usual


def _refusal_of(journey: Journey) -> str:
    """Where the person goes back to the service without what it asked for."""
    return f"/connect/authorize/{journey.authorization_request_id}/refuse"
