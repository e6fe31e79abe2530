"""Why a decision could not be taken, said to the reviewer; in each of these cases nothing was done."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import Forbidden, NotFound

from identity_provider.db import transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.models import ChangeRequest
from identity_provider.services import audit, change_reviews
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.change_requests import ChangeEnded
from support_console.actors import name_of
from support_console.auth import me
from support_console.changes.page import change_or_404


def register_refusals(bp: Blueprint) -> None:
    """Answer on this blueprint what services refuse."""
    bp.register_error_handler(ChangeEnded, _ended)
    bp.register_error_handler(change_reviews.WithThePerson, _not_possible)
    bp.register_error_handler(change_reviews.EvidenceWaits, _not_possible)
    bp.register_error_handler(IllegalMove, _not_possible)
    bp.register_error_handler(change_reviews.OwnRequest, _own)
    bp.register_error_handler(NoResultFound, _unknown)


def _ended(error: ChangeEnded) -> ResponseReturnValue:
    """Somebody was first: by whom, when and how."""
    page = render_template(
        "support/changes/ended.html", change=_change(), ended=error, who=name_of(error.by), words=change_words
    )
    return page, 409


def _not_possible(_error: Exception) -> ResponseReturnValue:
    return render_template("support/changes/not_possible.html", change=_change()), 409


def _own(_error: change_reviews.OwnRequest) -> ResponseReturnValue:
    """A reviewer's own request: refused, and the attempt is written down."""
    with transaction():
        subject = Subject("change_request", _change().id)
        audit.record("own_change_refused", subject, actor=Actor.of(me()), now=ports().clock.now())
    return render_template("support/changes/own.html", change=_change()), Forbidden.code


def _unknown(_error: NoResultFound) -> ResponseReturnValue:
    return render_template("support/not_found.html"), NotFound.code


def _change() -> ChangeRequest:
    change_id: UUID = (request.view_args or {})["change_id"]
    return change_or_404(change_id)
