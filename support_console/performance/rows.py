"""The figures as people read them on the page, and as a spreadsheet does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from flask_babel import ngettext

from identity_provider.domain.lookup import LookupReason
from identity_provider.domain.questions import Question
from identity_provider.domain.words import N_
from identity_provider.services.register_search import Occasion
from identity_provider.services.ticket_alarm import Rule, Watch
from support_console.labels import label_of, why, why_ended
from support_console.performance import charts
from support_console.performance.charts import Bar
from support_console.performance.durations import Tickets, Waits
from support_console.performance.queries import Moment, Share

COUNTS = ("found_at_once", "found_by_helpdesk", "pending", "no_record", "confirmed_none")
WAITS = ("cases_open", "cases_decided", "cases_ended_by_themselves", "median_hours", "ninetieth_hours")
COLUMNS = ("group", "name", *COUNTS, "matched", *WAITS)

_AFTER: dict[str, str] = {
    Question.DATE_OF_BIRTH: N_("After name and date of birth"),
    Question.NINO: N_("After the National Insurance number"),
    Question.TRN: N_("After the TRN"),
    Question.QTS: N_("After the question about QTS"),
    Question.TRAINING: N_("After where they trained"),
    Question.OTHER_NAMES: N_("After other names and spellings"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the page: a chart, and the same numbers as a table."""

    title: str
    chart_name: str
    bars: list[Bar]
    head: list[str]
    rows: list[list[str]]


def alarms(watch: Watch) -> list[str]:
    """What rings now, in words."""
    said = {
        Rule.CASE_WITHOUT_TICKET: ngettext(
            "%(num)s case has no ticket in Zendesk after half an hour.",
            "%(num)s cases have no ticket in Zendesk after half an hour.",
            watch.cases_without_ticket,
        ),
        Rule.PERSON_WITHOUT_CASE: ngettext(
            "%(num)s person was not found and has no case.",
            "%(num)s people were not found and have no case.",
            watch.people_without_case,
        ),
        Rule.FAILURES_WITHOUT_TICKETS: _(
            "%(now)s people were not found in the last day (%(before)s the day before), and no ticket arose.",
            now=watch.failed_in_window,
            before=watch.failed_before,
        ),
    }
    return [str(said[rule]) for rule in watch.rings]


def switched_off(watch: Watch) -> str:
    """That tickets wait because somebody wants it so; empty where they do not."""
    if not watch.services_switched_off:
        return ""
    return str(
        _(
            "Tickets in Zendesk are switched off for %(services)s services: %(cases)s cases wait for theirs.",
            services=watch.services_switched_off,
            cases=watch.cases_held_back,
        )
    )


def summary(cases: Waits, tickets: Tickets, *, with_desk: bool) -> list[dict[str, object]]:
    """The figures of all cases."""
    shown: list[tuple[str, object]] = [
        (_("Open cases"), cases.open),
        (_("Cases decided by staff"), cases.decided),
        (_("Half of them within"), hours(cases.median_hours) or _("No case yet")),
        (_("Nine of ten within"), hours(cases.ninetieth_hours) or _("No case yet")),
        (_("Cases that ended by themselves"), cases.by_themselves),
    ]
    if with_desk:
        shown += [
            (_("Open cases with an open ticket in Zendesk"), tickets.open),
            (_("Open cases whose ticket is closed in Zendesk"), tickets.closed_there),
            (_("Open cases without a ticket"), tickets.without),
        ]
    return [{"key": key, "value": value} for key, value in shown]


def people(*, weeks: Sequence[Share], services: Sequence[Share], reasons: Sequence[Share]) -> list[Section]:
    """How people fared, three ways."""
    said = [replace(each, name=_why(each.name)) for each in reasons]
    return [
        _section(_("By service"), _("How people fared, by service"), services),
        _section(_("By week"), _("How people fared, by the week in which they came"), weeks),
        _section(_("By reason"), _("How people fared, by why they stand there"), said),
    ]


def waits(
    services: Sequence[Waits], weeks: Sequence[Waits], reasons: Sequence[Waits]
) -> list[tuple[str, list[str], list[list[str]]]]:
    """How long the helpdesk took, three ways: title, head and rows of each table."""
    said = [replace(each, name=_why(each.name)) for each in reasons]
    head = [_("Open"), _("Decided"), _("Ended by themselves"), _("Half within"), _("Nine of ten within")]
    return [
        (_("Cases by service"), [_("Service"), *head], [_wait_row(each) for each in services]),
        (_("Cases by week"), [_("Week"), *head], [_wait_row(each) for each in weeks]),
        (_("Cases by reason"), [_("Reason"), *head], [_wait_row(each) for each in said]),
    ]


def _why(stored: str) -> str:
    return why(LookupReason(stored))


def matcher(found: Sequence[tuple[str, str, int]]) -> list[list[str]]:
    """What the matcher said: outcome, reason, how often."""
    return [[label_of(outcome), why_ended(outcome, reason), str(number)] for outcome, reason, number in found]


def moment_name(moment: Moment) -> str:
    """When a match came: after which question, or on which other occasion."""
    if moment.occasion == Occasion.JOURNEY and moment.question in _AFTER:
        return str(_(_AFTER[moment.question]))
    return label_of(moment.occasion)


def moment_row(moment: Moment) -> list[str]:
    """One line of the table of questions."""
    return [moment_name(moment), str(moment.people)]


def hours(number: float | None) -> str:
    """Hours with one decimal; nothing when there are none."""
    return str(_("%(hours)s hours", hours=f"{number:.1f}")) if number is not None else ""


def share_fields(group: str, share: Share) -> dict[str, object]:
    """A group of people in the spreadsheet."""
    counts = (share.at_once, share.by_helpdesk, share.pending, share.no_record, share.confirmed_none)
    return {"group": group, "name": share.name} | dict(zip(COUNTS, counts, strict=True))


def moment_fields(moment: Moment) -> dict[str, object]:
    """An occasion in the spreadsheet, by its stored words."""
    name = f"{moment.occasion}:{moment.question}" if moment.question else moment.occasion
    return {"group": "question", "name": name, "matched": moment.people}


def wait_fields(group: str, each: Waits) -> dict[str, object]:
    """A group of cases in the spreadsheet."""
    times = (f"{time:.2f}" if time is not None else "" for time in (each.median_hours, each.ninetieth_hours))
    values = (each.open, each.decided, each.by_themselves, *times)
    return {"group": group, "name": each.name} | dict(zip(WAITS, values, strict=True))


def _section(title: str, chart_name: str, shares: Sequence[Share]) -> Section:
    head = [_("Group"), _("All"), *(key.text for key in charts.legend())]
    return Section(title, chart_name, charts.bars(shares), head, [_share_row(each) for each in shares])


def _share_row(share: Share) -> list[str]:
    counts = (share.total, share.at_once, share.by_helpdesk, share.pending, share.no_record, share.confirmed_none)
    return [share.name or _("Not known"), *(str(each) for each in counts)]


def _wait_row(each: Waits) -> list[str]:
    counts = (str(number) for number in (each.open, each.decided, each.by_themselves))
    times = (hours(time) or _("–") for time in (each.median_hours, each.ninetieth_hours))
    return [each.name or _("Not known"), *counts, *times]
