"""Performance: found at once, found by the helpdesk, pending, none; every chart with the same numbers as a table."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports, settings
from identity_provider.services import ticket_alarm
from support_console.auth import require
from support_console.performance import charts, durations, queries, rows
from support_console.sheets import as_csv

bp = Blueprint("performance", __name__, url_prefix="/performance", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_PERFORMANCE)
def show() -> ResponseReturnValue:
    """All figures on one page."""
    now = ports().clock.now()
    weeks, services, reasons = queries.by_week(now), queries.by_service(), queries.by_reason()
    moments = queries.by_question(now)
    with_desk = settings().ticket_transport != "none"
    watch = ticket_alarm.look(now, with_desk=with_desk)
    return render_template(
        "support/performance/figures.html",
        alarms=rows.alarms(watch),
        switched_off=rows.switched_off(watch),
        summary=rows.summary(durations.all_cases(), durations.tickets(), with_desk=with_desk),
        legend=charts.legend(),
        people=rows.people(weeks=weeks, services=services, reasons=reasons),
        moments=[rows.moment_row(each) for each in moments],
        moment_bars=charts.lengths([(rows.moment_name(each), each.people) for each in moments]),
        waits=rows.waits(durations.by_service(), durations.by_week(now), durations.by_reason()),
        reasons=rows.matcher(queries.reasons(now)),
    )


@bp.get("/figures.csv")
@require(Permission.VIEW_PERFORMANCE)
def download() -> ResponseReturnValue:
    """The same numbers for a spreadsheet: one row for each group, and blanks for what does not apply to it."""
    now = ports().clock.now()
    people = (("week", queries.by_week(now)), ("service", queries.by_service()), ("reason", queries.by_reason()))
    waits = (
        ("cases_by_week", durations.by_week(now)),
        ("cases_by_service", durations.by_service()),
        ("cases_by_reason", durations.by_reason()),
    )
    fields = [
        *(rows.share_fields(group, each) for group, shares in people for each in shares),
        *(rows.moment_fields(each) for each in queries.by_question(now)),
        *(rows.wait_fields(group, each) for group, found in waits for each in found),
    ]
    return as_csv("figures.csv", rows.COLUMNS, [[each.get(name, "") for name in rows.COLUMNS] for each in fields])
