"""Performance: found at once, found by the helpdesk, pending, none; every chart with the same numbers as a table."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports
from support_console.auth import require
from support_console.labels import label_of, why
from support_console.performance import charts, queries
from support_console.performance.queries import Share
from support_console.sheets import as_csv

bp = Blueprint("performance", __name__, url_prefix="/performance", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_PERFORMANCE)
def show() -> ResponseReturnValue:
    """All figures on one page."""
    now = ports().clock.now()
    weeks, services = queries.by_week(now), queries.by_service()
    return render_template(
        "support/performance/figures.html",
        cases=queries.cases(),
        head=_head(),
        weeks=[_row(each) for each in weeks],
        services=[_row(each) for each in services],
        week_bars=charts.bars(weeks),
        service_bars=charts.bars(services),
        legend=charts.legend(),
        reasons=[[label_of(outcome), why(reason), str(number)] for outcome, reason, number in queries.reasons(now)],
    )


@bp.get("/figures.csv")
@require(Permission.VIEW_PERFORMANCE)
def download() -> ResponseReturnValue:
    """The same numbers for a spreadsheet."""
    head = ["group", "name", "found_at_once", "found_by_helpdesk", "pending", "no_record", "confirmed_none"]
    now = ports().clock.now()
    lines = [
        [group, each.name, each.at_once, each.by_helpdesk, each.pending, each.no_record, each.confirmed_none]
        for group, shares in (("week", queries.by_week(now)), ("service", queries.by_service()))
        for each in shares
    ]
    return as_csv("figures.csv", head, lines)


def _head() -> list[str]:
    return [_("Group"), _("All"), *(key.text for key in charts.legend())]


def _row(share: Share) -> list[str]:
    counts = (share.total, share.at_once, share.by_helpdesk, share.pending, share.no_record, share.confirmed_none)
    return [share.name or _("Not known"), *(str(each) for each in counts)]
