"""The questions of a request in their order: each page is entered only when those before it were answered."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from identity_provider.domain.change_requests import ChangeKind
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.evidence_files import MOST_UPLOADED
from identity_provider.kit.filters import accepts_upload
from identity_provider.kit.forms import Form
from identity_provider.kit.persons import for_person
from identity_provider.models import ChangeRequest, User
from identity_provider.services import change_requests

bp = Blueprint("changes", __name__, url_prefix="/account/changes", template_folder="templates")

KIND = "<any('name', 'date-of-birth'):slug>"


class Step(StrEnum):
    """A page of the journey; its name is its endpoint and the end of its address."""

    REASON = "reason"
    VALUE = "details"
    EVIDENCE = "evidence"
    CHECK = "check"


def kind_of(slug: str) -> ChangeKind:
    """The kind that an address speaks of."""
    return next(kind for kind in ChangeKind if kind.slug == slug)


def is_answered(draft: ChangeRequest, step: Step) -> bool:
    """Whether this page has its answer."""
    match step:
        case Step.REASON:
            return draft.reason is not None
        case Step.VALUE:
            return bool(draft.last_name if draft.kind is ChangeKind.NAME else draft.date_of_birth)
        case Step.EVIDENCE:
            return bool(draft.usable_files)
        case Step.CHECK:
            return False


def next_step(draft: ChangeRequest) -> Step:
    """The first page without an answer; in the end, the check."""
    return next(step for step in Step if not is_answered(draft, step))


def address_of(draft: ChangeRequest, step: Step | None = None) -> str:
    """Where a step is; without one, where the person goes on."""
    return url_for(f"changes.{(step or next_step(draft)).name.lower()}", slug=draft.kind.slug)


def back_of(draft: ChangeRequest, step: Step) -> str:
    """The page before this one; once everything was answered, the check that the person came from."""
    steps = list(Step)
    if step is not Step.CHECK and next_step(draft) is Step.CHECK:
        return address_of(draft, Step.CHECK)
    before = steps.index(step) - 1
    return address_of(draft, steps[before]) if before >= 0 else url_for("changes.start", slug=draft.kind.slug)


def question(step: Step) -> Callable[[Callable[[ChangeRequest], ResponseReturnValue]], object]:
    """Serve a page of the journey to the person whose draft it is; whoever is not so far goes where they are."""

    def mark(view: Callable[[ChangeRequest], ResponseReturnValue]) -> object:
        @for_person
        @wraps(view)
        def asked(person: User, slug: str) -> ResponseReturnValue:
            kind = kind_of(slug)
            draft = change_requests.draft_of(person, kind)
            if draft is None or change_requests.open_of(person, kind) is not None:
                return redirect(url_for("changes.start", slug=slug), 303)
            furthest = list(Step).index(next_step(draft))
            if list(Step).index(step) > furthest:
                return redirect(address_of(draft), 303)
            try:
                return view(draft)
            except IllegalMove:
                # It was sent in another tab, or forgotten, while this page stood open or its file was checked.
                return redirect(url_for("changes.start", slug=slug), 303)

        if step is Step.EVIDENCE:
            asked = accepts_upload(MOST_UPLOADED)(asked)
        bp.add_url_rule(f"/{KIND}/{step.value}", step.name.lower(), asked, methods=["GET", "POST"])
        return asked

    return mark


def show(name: str, draft: ChangeRequest, step: Step, form: Form, **more: object) -> ResponseReturnValue:
    """A page of the journey, with the way back."""
    page = render_template(
        f"changes/{name}.html", draft=draft, kind=draft.kind, form=form, back_url=back_of(draft, step), **more
    )
    return page, 422 if form.errors else 200
