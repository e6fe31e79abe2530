"""The page of one case: what the person stated beside what the register holds."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.words import Words
from identity_provider.kit.app import ports, settings
from identity_provider.kit.written import written, written_moment
from identity_provider.models import CaseStatus, Delivery, Lookup, SupportTicket, TrnLink
from identity_provider.models.support_ticket import GONE_AT_DESK
from identity_provider.services import audit, case_work, leaked_trns, search_words, support_tickets
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.statements import Stated, statement_of
from support_console import identity_checks
from support_console.actors import name_of
from support_console.auth import me
from support_console.cases import queries
from support_console.cases.comparison import Candidates, candidates_for
from support_console.cases.forms import NoteForm, TrnForm
from support_console.cases.suggestions import Suggestion, look_into, trns_of
from support_console.labels import age, label_of, search_told, why

_NOT_COMPARED = frozenset(
    {
        Stated.PREVIOUS_NAMES,
        Stated.TRAINING_PROVIDER,
        Stated.CLAIMS_QTS,
        Stated.OTHER_NAMES,
        Stated.TEACHER_TRAINING,
        Stated.SCHOOL_WORK,
    }
)


def case_or_404(case_id: UUID) -> SupportTicket:
    """The case of this address."""
    case = queries.case_with_notes(case_id)
    if case is None:
        abort(404)
    return case


def case_page(case_id: UUID, *, trn: TrnForm | None = None, note: NoteForm | None = None, moved: bool = False) -> str:
    """The page of a case. That somebody looked is written down; the register is asked outside the transaction."""
    now = ports().clock.now()
    with transaction():
        case = case_or_404(case_id)
        history = queries.history_of(case)
        why_none = search_words.why_of_case(case)
        audit.record("case_viewed", Subject("user", case.user_id), actor=Actor.of(me()), now=now)
    waits = case.status is CaseStatus.OPEN
    candidates = candidates_for(case.user, ports().register, now.date()) if waits else Candidates()
    holders = queries.holders_of([each.record.trn for each in candidates.found], but=case.user_id)
    suggestions = suggestions_for(case) if waits else []
    return render_template(
        "support/cases/case.html",
        case=case,
        history=history,
        search_rows=[_search_row(each) for each in history.lookups],
        link_rows=[_link_row(each) for each in history.links],
        checks=identity_checks.rows_of(case.user),
        check_head=identity_checks.head(),
        candidates=candidates,
        holders=holders,
        suggestions=suggestions,
        closed_in_zendesk=_closed_in_zendesk(case),
        leaked=_leaked(case, candidates),
        stated_rows=_stated_rows(case, why_none, compared=bool(candidates.found)),
        reasons=[written(each) for each in why_none],
        form=next((each for each in (trn, note) if each is not None and each.errors), None),
        trn_form=trn or TrnForm(),
        note_form=note or NoteForm(),
        own=case_work.is_own(case, me()),
        ticket=_ticket_of(case),
        moved=moved,
        may_undo=case_work.can_undo(case),
        now=now,
        age=age,
        label_of=label_of,
    )


def _leaked(case: SupportTicket, candidates: Candidates) -> set[str]:
    known = (case.user.trn or "", case.user.stated_trn or "")
    return leaked_trns.listed_among([*known, *(each.record.trn for each in candidates.found)])


def suggestions_for(case: SupportTicket) -> list[Suggestion]:
    """The TRNs suggested in Zendesk as the register knows them now; whose records were shown by it is written down."""
    with transaction():
        pass  # none is open while the register is asked
    found = look_into(case, ports().register)
    with transaction():
        for trn in trns_of(found):
            shown: dict[str, str] = {"case": case.reference, "by": "suggestion"}
            subject, now = Subject("record", trn), ports().clock.now()
            audit.record("record_viewed", subject, actor=Actor.of(me()), now=now, change=({}, shown))
    return found


def _closed_in_zendesk(case: SupportTicket) -> str:
    if case.zendesk_closed_at is None:
        return ""
    when = written_moment(case.zendesk_closed_at)
    if case.zendesk_status == GONE_AT_DESK:
        return str(_("The ticket was deleted in Zendesk, as we heard on %(when)s. The person still waits.", when=when))
    return str(_("The ticket was closed in Zendesk, as we heard on %(when)s. The person still waits.", when=when))


def _ticket_of(case: SupportTicket) -> str:
    """What there is of the case in the helpdesk's own system, or will be."""
    if case.zendesk_ticket_id is not None:
        return str(_("Zendesk ticket %(number)s.", number=case.zendesk_ticket_id))
    match None if settings().ticket_transport == "none" else support_tickets.ticket_opening(case):
        case Delivery.WAITING:
            return str(_("No Zendesk ticket yet."))
        case Delivery.GIVEN_UP:
            return str(_("Zendesk refused the ticket of this case: it is worked on here only."))
        case _:
            return str(_("This case has no Zendesk ticket: it is worked on here only."))


def _stated_rows(case: SupportTicket, why_none: tuple[Words, ...], *, compared: bool) -> list[dict[str, str]]:
    """The statement; where it stands beside candidates already, only what is not compared."""
    lines = statement_of(case.user, case.client.name if case.client else "", why_none)
    shown = {label: said for label, said in lines.items() if not compared or label in _NOT_COMPARED}
    return [{"key": _(label.value), "value": written(said)} for label, said in shown.items()]


def _search_row(lookup: Lookup) -> list[str]:
    return [
        written_moment(lookup.at),
        label_of(lookup.occasion),
        label_of(lookup.outcome),
        search_told(lookup),
    ]


def _link_row(link: TrnLink) -> list[str]:
    ended = _("Still there")
    if link.ended_at is not None:
        ended = _("%(when)s: %(why)s", when=written_moment(link.ended_at), why=link.end_reason)
    return [link.trn, why(link.source), name_of(link.linked_by), link.reason, ended]
