"""The page of one case: what the person stated beside what the register holds."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.models import SupportTicket
from identity_provider.services import audit, case_work, statements
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me
from support_console.cases import queries
from support_console.cases.comparison import candidates_for
from support_console.cases.forms import NoteForm, TrnForm
from support_console.cases.words import age, label_of


def case_or_404(case_id: UUID) -> SupportTicket:
    """The case of this address."""
    case = queries.case_with_notes(case_id)
    if case is None:
        abort(404)
    return case


def case_page(
    case_id: UUID, *, trn: TrnForm | None = None, note: NoteForm | None = None, moved: bool = False
) -> str:
    """The page of a case. That somebody looked is written down; the register is asked outside the transaction."""
    now = ports().clock.now()
    with transaction():
        case = case_or_404(case_id)
        history = queries.history_of(case)
        audit.record("case_viewed", Subject("user", case.user_id), actor=Actor.of(me()), now=now)
    candidates = candidates_for(case.user, ports().register, now.date())
    holders = queries.holders_of([each.record.trn for each in candidates.found])
    return render_template(
        "cases/case.html",
        case=case,
        history=history,
        candidates=candidates,
        holders=holders,
        stated=statements.stated_lines(case.user, case.client.name if case.client else "", case.reason),
        form=next((each for each in (trn, note) if each is not None and each.errors), None),
        trn_form=trn or TrnForm(formdata=None),
        note_form=note or NoteForm(formdata=None),
        own=case_work.is_own(case, me()),
        moved=moved,
        now=now,
        age=age,
        label_of=label_of,
    )
