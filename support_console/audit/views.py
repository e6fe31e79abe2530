"""The audit: every view of a person's data and every change. It can be read here, and changed nowhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports
from identity_provider.models import AuditEvent, StaffUser
from identity_provider.services import audit
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me, require

bp = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")

PER_PAGE = 50
_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: ids and words of ours only, since it stands in the address."""

    action: str = ""
    actor: str = ""
    subject: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """The search as SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.action:
            wanted.append(AuditEvent.action == self.action)
        if self.actor:
            wanted.append(AuditEvent.actor_id == self.actor)
        if self.subject:
            wanted.append(AuditEvent.subject_id == self.subject)
        return wanted


@bp.get("")
@require(Permission.VIEW_AUDIT)
def search() -> ResponseReturnValue:
    """What happened, newest first."""
    asked = Search(**{name: request.args.get(name, "").strip()[:120] for name in ("action", "actor", "subject")})
    page = max(1, min(request.args.get("page", 1, type=int), _MOST_COUNTED // PER_PAGE))
    with transaction():
        events, total = _found(asked, page)
        audit.record("audit_searched", Subject("audit", "search"), actor=Actor.of(me()), now=ports().clock.now())
    return render_template(
        "support/audit/search.html",
        asked=asked,
        events=events,
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_address=partial(_page_address, asked),
        names=_names(events),
        actions=db.session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all(),
    )


def _found(asked: Search, page: int) -> tuple[list[AuditEvent], int]:
    wanted = asked.conditions()
    counted = select(AuditEvent.id).where(*wanted).limit(_MOST_COUNTED).subquery()
    total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    rows = db.session.scalars(
        select(AuditEvent)
        .where(*wanted)
        .order_by(AuditEvent.at.desc(), AuditEvent.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return list(rows), total


def _names(events: list[AuditEvent]) -> dict[str, str]:
    """What colleagues are called."""
    ids = {each.actor_id for each in events if each.actor_type == "staff"}
    return {str(each.id): each.display_name for each in db.session.scalars(select(StaffUser)) if str(each.id) in ids}


def _page_address(asked: Search, page: int) -> str:
    values: dict[str, Any] = {name: value for name, value in asdict(asked).items() if value} | {"page": page}
    return url_for(".search", **values)
