"""Asking for a change: why, what it shall be, the evidence, and a last look before it is sent."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.change_requests import ChangeKind, ChangeReason
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.values import PersonName
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.kit.languages import current_language
from identity_provider.kit.persons import for_person
from identity_provider.models import ChangeRequest, User
from identity_provider.services import change_reports, change_requests
from identity_provider.services.change_requests import ChangeOpen, EvidenceMissing, NothingToChange
from identity_provider.web.changes.drafting import KIND, Step, address_of, bp, kind_of, question, show
from identity_provider.web.changes.forms import DateOfBirthForm, EmptyForm, NameForm, ReasonForm

_PATIENCE_SECONDS = 2.0


@bp.get(f"/{KIND}")
@for_person
def start(person: User, slug: str) -> ResponseReturnValue:
    """What will be asked, and what is needed for it; while a request is open, that one instead."""
    kind = kind_of(slug)
    with transaction():  # ended before the DQT is asked
        there, trn = change_requests.open_of(person, kind), person.trn
    if there is not None:
        return _already_open(there)
    # Whoever does not answer soon is not waited for.
    open_at = change_reports.open_there(ports().changes, trn, seconds=_PATIENCE_SECONDS) if trn else ()
    return render_template(
        "changes/start.html",
        kind=kind,
        draft=change_requests.draft_of(person, kind),
        open_at_register=kind in open_at,
        back_url=url_for(".home"),
    )


@bp.post(f"/{KIND}")
@for_person
def begin(person: User, slug: str) -> ResponseReturnValue:
    """Begin, or go on where the person left."""
    try:
        with transaction():
            draft = change_requests.begin(person, kind_of(slug), language=current_language(), now=ports().clock.now())
    except ChangeOpen:
        # The page says so, in words.
        return redirect(url_for(".start", slug=slug), 303)
    return redirect(address_of(draft), 303)


@question(Step.REASON)
def reason(draft: ChangeRequest) -> ResponseReturnValue:
    """Ask why it is to be changed."""
    form = ReasonForm(data={"reason": draft.reason})
    form.reason.label.text = (
        _("Why does your name need to be changed?")
        if draft.kind is ChangeKind.NAME
        else _("Why does your date of birth need to be changed?")
    )
    form.reason.offer(change_words.reasons_for(draft.kind))
    if not form.validate_on_submit():
        return show("reason", draft, Step.REASON, form)
    with transaction():
        change_requests.answer_reason(draft, ChangeReason(str(form.reason.data)))
    return redirect(address_of(draft), 303)


@question(Step.VALUE)
def value(draft: ChangeRequest) -> ResponseReturnValue:
    """Ask what it shall be."""
    if draft.kind is ChangeKind.NAME:
        return _name(draft)
    return _birthday(draft)


@question(Step.CHECK)
def check(draft: ChangeRequest) -> ResponseReturnValue:
    """A last look; then it is sent."""
    form = EmptyForm()
    if not form.validate_on_submit():
        return show("check", draft, Step.CHECK, form, rows=_answers(draft))
    try:
        with transaction():
            sent = change_requests.submit(draft.user_id, draft.kind, now=ports().clock.now())
    except EvidenceMissing:
        return redirect(address_of(draft, Step.EVIDENCE), 303)
    except NothingToChange:
        flash(_("Your details show this already: there is nothing to change."))
        return redirect(address_of(draft, Step.VALUE), 303)
    except (ChangeOpen, IllegalMove):
        # A second click, or another tab, was quicker: its request is shown.
        return redirect(url_for(".start", slug=draft.kind.slug), 303)
    return redirect(url_for(".sent", request_id=sent.id), 303)


def _name(draft: ChangeRequest) -> ResponseReturnValue:
    known = draft if draft.last_name else draft.user
    form = NameForm(
        data={"first_name": known.first_name, "middle_name": known.middle_name, "last_name": known.last_name}
    )
    if not form.validate_on_submit():
        return show("name", draft, Step.VALUE, form)
    wanted = PersonName(str(form.first_name.data), str(form.last_name.data), str(form.middle_name.data))
    try:
        with transaction():
            change_requests.answer_name(draft, wanted)
    except NothingToChange:
        form.last_name.errors = [_("Enter a name that is different from the one in your account")]
        return show("name", draft, Step.VALUE, form)
    return redirect(address_of(draft), 303)


def _birthday(draft: ChangeRequest) -> ResponseReturnValue:
    form = DateOfBirthForm(data={"date_of_birth": draft.date_of_birth})
    if not form.validate_on_submit() or form.date_of_birth.data is None:
        return show("date_of_birth", draft, Step.VALUE, form)
    try:
        with transaction():
            change_requests.answer_birthday(draft, form.date_of_birth.data)
    except NothingToChange:
        form.date_of_birth.errors = [_("Enter a date that is different from the one in your account")]
        return show("date_of_birth", draft, Step.VALUE, form)
    return redirect(address_of(draft), 303)


def _answers(draft: ChangeRequest) -> list[dict[str, str]]:
    label = _("New name") if draft.kind is ChangeKind.NAME else _("Correct date of birth")
    files = ", ".join(each.evidence.original_name for each in draft.usable_files)
    return [
        {
            "key": _("Why it needs to be changed"),
            "value": change_words.reason_of(draft),
            "change": address_of(draft, Step.REASON),
        },
        {"key": _("In your account now"), "value": change_words.standing_of(draft)},
        {"key": label, "value": change_words.wanted_of(draft), "change": address_of(draft, Step.VALUE)},
        {"key": _("Evidence"), "value": files, "change": address_of(draft, Step.EVIDENCE)},
    ]


def _already_open(there: ChangeRequest) -> ResponseReturnValue:
    return render_template(
        "changes/already_open.html", change=there, words=change_words, back_url=url_for("changes.home")
    )
