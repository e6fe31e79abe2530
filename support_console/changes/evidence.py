"""The evidence of a request as reviewers see it: inline, turned and enlarged; each view of it is written down."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import ServiceUnavailable

from identity_provider.domain.access import Permission
from identity_provider.domain.evidence import PDF
from identity_provider.kit import evidence_files
from identity_provider.kit.headers import allow_frames_of_ours
from identity_provider.models import ChangeFile
from identity_provider.ports import StoreUnavailable
from identity_provider.services import change_reviews
from identity_provider.services.audit import Actor
from identity_provider.services.evidence import EvidenceNotShown
from support_console.auth import me, require
from support_console.changes.page import change_or_404
from support_console.changes.refusals import register_refusals

bp = Blueprint("change_files", __name__, url_prefix="/changes/<uuid:change_id>/files", template_folder="templates")
register_refusals(bp)

TURNS = (0, 90, 180, 270)
SIZES = (100, 150, 200, 300)


@bp.get("/<uuid:evidence_id>")
@require(Permission.REVIEW_EVIDENCE)
def view(change_id: UUID, evidence_id: UUID) -> ResponseReturnValue:
    """One file on a page of its own: turned and enlarged by links, so that it needs no script."""
    sent = _seen_by_me(change_id, evidence_id)
    turn, size = _one_of(TURNS, "turn"), _one_of(SIZES, "size")
    allow_frames_of_ours()
    return render_template(
        "support/changes/file.html",
        change=sent.request,
        name=sent.evidence.original_name,
        source=url_for(".content", change_id=change_id, evidence_id=evidence_id),
        is_pdf=sent.evidence.media_type == PDF,
        turn=turn,
        size=size,
        links=_ways_to_see(change_id, evidence_id, turn, size),
        back_url=url_for("support.changes.show", change_id=change_id),
    )


@bp.get("/<uuid:evidence_id>/content")
@require(Permission.REVIEW_EVIDENCE)
def content(change_id: UUID, evidence_id: UUID) -> Response:
    """The cleaned file itself, in its sandbox."""
    sent = _seen_by_me(change_id, evidence_id)
    try:
        return evidence_files.show(evidence_id, actor=Actor.of(me()), name=sent.evidence.original_name)
    except EvidenceNotShown:
        abort(404)
    except StoreUnavailable as silence:
        raise ServiceUnavailable(retry_after=5) from silence


def _seen_by_me(change_id: UUID, evidence_id: UUID) -> ChangeFile:
    """The file, if it is one of this request and the request is not the reviewer's own."""
    change = change_or_404(change_id)
    if change_reviews.is_own(change, me()):
        raise change_reviews.OwnRequest
    found = next((each for each in change.files if each.evidence_id == evidence_id), None)
    if found is None or not found.evidence.is_shown:
        abort(404)
    return found


def _ways_to_see(change_id: UUID, evidence_id: UUID, turn: int, size: int) -> list[dict[str, str]]:
    larger = [each for each in SIZES if each > size]
    smaller = [each for each in SIZES if each < size]
    wanted = [
        (_("Turn left"), (turn - 90) % 360, size),
        (_("Turn right"), (turn + 90) % 360, size),
        *([(_("Larger"), turn, larger[0])] if larger else []),
        *([(_("Smaller"), turn, smaller[-1])] if smaller else []),
    ]
    return [
        {
            "text": str(text),
            "href": url_for(".view", change_id=change_id, evidence_id=evidence_id, turn=turned, size=sized),
        }
        for text, turned, sized in wanted
    ]


def _one_of(allowed: tuple[int, ...], name: str) -> int:
    asked = request.args.get(name, type=int)
    return asked if asked in allowed else allowed[0]
