"""The evidence of a request: one file at a time, checked while the person waits, and removed again as they like."""

from __future__ import annotations

from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from identity_provider.db import transaction
from identity_provider.domain.change_requests import MOST_FILES, ChangeState
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.evidence import EvidenceRefused
from identity_provider.kit import change_words, evidence_files
from identity_provider.kit.app import ports
from identity_provider.kit.evidence_files import MOST_UPLOADED
from identity_provider.kit.filters import accepts_upload
from identity_provider.kit.persons import for_person
from identity_provider.kit.written import written
from identity_provider.models import ChangeFile, ChangeRequest, User
from identity_provider.services import change_evidence, change_requests
from identity_provider.services.change_evidence import TooManyFiles
from identity_provider.services.change_requests import ChangeEnded, EvidenceMissing
from identity_provider.web.changes.drafting import KIND, Step, address_of, bp, kind_of, question, show
from identity_provider.web.changes.forms import EvidenceForm

ACCEPTED = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"
GO_ON = "continue"


@question(Step.EVIDENCE)
def evidence(draft: ChangeRequest) -> ResponseReturnValue:
    """Ask for files; whoever has sent one may go on."""
    form = EvidenceForm()
    if request.method == "POST" and _taken(draft, form, needs_one=not draft.usable_files):
        return redirect(address_of(draft, Step.CHECK if _goes_on() else Step.EVIDENCE), 303)
    return show(
        "evidence",
        draft,
        Step.EVIDENCE,
        form,
        files=_listed(draft),
        most=MOST_FILES,
        accepted=ACCEPTED,
        wanted=change_words.wanted_of(draft),
    )


@bp.post(f"/{KIND}/evidence/<uuid:evidence_id>/remove")
@for_person
def remove(person: User, slug: str, evidence_id: UUID) -> ResponseReturnValue:
    """Take a file back; one that is gone already is gone."""
    draft = change_requests.draft_of(person, kind_of(slug))
    if draft is None:
        return redirect(url_for(".start", slug=slug), 303)
    _remove(draft, person, evidence_id)
    return redirect(address_of(draft, Step.EVIDENCE), 303)


@bp.route("/requests/<uuid:request_id>/evidence", methods=["GET", "POST"])
@accepts_upload(MOST_UPLOADED)
@for_person
def more_evidence(person: User, request_id: UUID) -> ResponseReturnValue:
    """Better evidence for a request that was sent back."""
    change = change_requests.sent_one(person, request_id)
    if change is None:
        abort(404)
    if change.state is not ChangeState.MORE_EVIDENCE:
        return redirect(url_for(".request", request_id=request_id), 303)
    form = EvidenceForm()
    try:
        taken = request.method == "POST" and _taken(change, form, needs_one=_goes_on() and not change.has_new_evidence)
    except IllegalMove:
        # It was sent, withdrawn or decided while the file was being checked.
        return redirect(url_for(".request", request_id=request_id), 303)
    if taken:
        return (
            _sent_again(change, person)
            if _goes_on()
            else redirect(url_for(".more_evidence", request_id=change.id), 303)
        )
    page = render_template(
        "changes/more_evidence.html",
        change=change,
        form=form,
        files=_listed(change),
        words=change_words,
        most=MOST_FILES,
        accepted=ACCEPTED,
        back_url=url_for(".request", request_id=request_id),
    )
    return page, 422 if form.errors else 200


@bp.post("/requests/<uuid:request_id>/evidence/<uuid:evidence_id>/remove")
@for_person
def remove_more(person: User, request_id: UUID, evidence_id: UUID) -> ResponseReturnValue:
    """Take back a file that was added since the request was sent."""
    change = change_requests.sent_one(person, request_id)
    if change is None:
        abort(404)
    _remove(change, person, evidence_id)
    return redirect(url_for(".more_evidence", request_id=request_id), 303)


def _taken(change: ChangeRequest, form: EvidenceForm, *, needs_one: bool) -> bool:
    """Take in the file that was sent; whether nothing stands in the way of going on. Not inside a transaction."""
    upload = form.file.data
    chosen = isinstance(upload, FileStorage) and bool(upload.filename)
    if not chosen and (needs_one or not _goes_on()):
        form.file.errors = [_("Select a file")]
        return False
    if not chosen:
        return True
    try:
        change_evidence.refuse_more(change)
        kept = evidence_files.take_in(upload, by=change.user)
        with transaction():
            change_evidence.add(change.id, change.user, kept, now=ports().clock.now())
    except EvidenceRefused as refused:
        form.file.errors = [written(refused.words)]
    except TooManyFiles:
        form.file.errors = [_("You can send up to %(most)s files. Remove one before you add another.", most=MOST_FILES)]
    return not form.file.errors


def _sent_again(change: ChangeRequest, person: User) -> ResponseReturnValue:
    try:
        with transaction():
            change_requests.submit_again(change.id, person.id, now=ports().clock.now())
    except (ChangeEnded, EvidenceMissing, IllegalMove):
        return redirect(url_for(".request", request_id=change.id), 303)
    return redirect(url_for(".sent", request_id=change.id), 303)


def _remove(change: ChangeRequest, person: User, evidence_id: UUID) -> None:
    try:
        with transaction():
            change_evidence.remove(change.id, person, evidence_id, now=ports().clock.now())
    except IllegalMove:
        # A second click, another tab, or a file that a reviewer has already: nothing is to be removed.
        return


def _listed(change: ChangeRequest) -> list[dict[str, object]]:
    """The files as the page lists them; one that was infected is told of until it is removed."""
    return [
        {
            "id": each.evidence_id,
            "name": each.evidence.original_name or _("A file that we deleted"),
            "state": _state_of(each),
            "is_bad": each not in change.usable_files,
            "removable": change_evidence.is_removable(each),
        }
        for each in change.files
    ]


def _state_of(file: ChangeFile) -> str:
    """Where a file stands; one that a reviewer has already was sent before."""
    if not change_evidence.is_removable(file) and file in file.request.usable_files:
        return str(_("Sent before"))
    return str(_STATES[file.evidence.state.value]())


def _goes_on() -> bool:
    return request.form.get("go") == GO_ON


_STATES = {
    "waiting": lambda: _("Uploaded"),
    "clean": lambda: _("Uploaded"),
    "infected": lambda: _("This file did not pass our security check, so we deleted it. Send another one."),
    "gone": lambda: _("This file was deleted. Send it again."),
}
