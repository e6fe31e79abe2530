"""Why a decision could not be taken, said to the agent; in each of these cases nothing was done."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from identity_provider.db import transaction
from identity_provider.domain.errors import (
    CaseAlreadyResolved,
    IllegalMove,
    RecordNotLinkable,
    RegisterUnavailable,
    TrnAlreadyLinked,
    UserAlreadyHasTrn,
)
from identity_provider.kit.app import ports
from identity_provider.models import SupportTicket
from identity_provider.services import audit, case_work, trn_links
from identity_provider.services.audit import Actor, Subject
from support_console.cases.page import case_or_404
from support_console.labels import label_of


def register_refusals(bp: Blueprint) -> None:
    """Answer on this blueprint what services refuse."""
    bp.register_error_handler(CaseAlreadyResolved, _decided)
    bp.register_error_handler(TrnAlreadyLinked, _held)
    bp.register_error_handler(UserAlreadyHasTrn, _has_trn)
    bp.register_error_handler(RecordNotLinkable, _not_linkable)
    bp.register_error_handler(RegisterUnavailable, _silent)
    bp.register_error_handler(IllegalMove, _not_possible)
    bp.register_error_handler(case_work.OwnCase, _own)


def _decided(_error: CaseAlreadyResolved) -> ResponseReturnValue:
    """Somebody was first: by whom, when and how."""
    return render_template("support/cases/decided.html", case=_case(), label_of=label_of), 409


def _held(error: TrnAlreadyLinked) -> ResponseReturnValue:
    holder = trn_links.holder_of(error.trn)
    if holder is None:
        return render_template("support/cases/not_possible.html", case=_case()), 409
    return redirect(url_for("support.decisions.conflict", case_id=_case().id, holder_id=holder.id), 303)


def _has_trn(error: UserAlreadyHasTrn) -> ResponseReturnValue:
    return render_template("support/cases/has_trn.html", case=_case(), trn=error.trn), 409


def _not_linkable(error: RecordNotLinkable) -> ResponseReturnValue:
    return render_template("support/cases/not_linkable.html", case=_case(), why=error), 409


def _silent(_error: RegisterUnavailable) -> ResponseReturnValue:
    response = make_response(render_template("support/cases/silent.html", case=_case()), 503)
    response.headers["Retry-After"] = "30"
    return response


def _not_possible(_error: IllegalMove) -> ResponseReturnValue:
    return render_template("support/cases/not_possible.html", case=_case()), 409


def _own(_error: case_work.OwnCase) -> ResponseReturnValue:
    """An agent's own case: refused, and the attempt is written down (attack 33)."""
    with transaction():
        audit.record("own_case_refused", Subject("case", _case().id), actor=Actor.of(g.staff), now=ports().clock.now())
    return render_template("support/cases/own.html", case=_case()), Forbidden.code


def _case() -> SupportTicket:
    case_id: UUID = (request.view_args or {})["case_id"]
    return case_or_404(case_id)
