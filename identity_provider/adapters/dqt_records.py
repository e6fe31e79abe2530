"""What the DQT API's JSON says of a person, as a teaching record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from identity_provider.adapters.dqt_alerts import read_alerts
from identity_provider.domain.errors import RegisterUnavailable
from matching.records import RecordStatus, TeachingRecord

_PERSON_NOT_FOUND = 10001


def says_not_found(problem: dict[str, Any]) -> bool:
    """Whether a 404 speaks of a person, and not of an address or a version that the API does not have."""
    return problem.get("errorCode") == _PERSON_NOT_FOUND


def read_results(body: dict[str, Any]) -> tuple[TeachingRecord, ...]:
    """The people of a search, each TRN once. Raises RegisterUnavailable when the body is no search result."""
    results = body.get("results")
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise RegisterUnavailable("the DQT API's answer has no list of results")
    people = (read_person(result) for result in results if result.get("trn"))
    return tuple({person.trn: person for person in people}.values())


def read_person(body: dict[str, Any]) -> TeachingRecord:
    """One person of v2 or v3, as far as the answer goes. Raises RegisterUnavailable when it is none."""
    trn = body.get("trn")
    if not isinstance(trn, str) or not trn.isascii() or not trn.isdigit():
        raise RegisterUnavailable("the DQT API's answer has no TRN")
    first, last = _text(body, "firstName"), _text(body, "lastName")
    previous = [name for name in _list(body, "previousNames") if isinstance(name, dict)]
    alerts = read_alerts(body)
    emails = [body.get("emailAddress") or body.get("email"), *_list(body, "emailAddresses")]
    return TeachingRecord(
        trn=trn.zfill(7),
        first_name=first,
        middle_name=_text(body, "middleName"),
        last_name=last,
        previous_first_names=_others((_text(name, "firstName") for name in previous), first),
        previous_last_names=_others((_text(name, "lastName") for name in previous), last),
        date_of_birth=_date(body.get("dateOfBirth")),
        nino=_text(body, "nationalInsuranceNumber"),
        nino_told="nationalInsuranceNumber" in body,
        email=next((email for email in emails if isinstance(email, str)), ""),
        has_qts=_has_qts(body),
        has_open_alert=alerts.is_open,
        has_prohibition=alerts.is_prohibition,
        open_alerts=alerts.names,
    )


def closed(record: TeachingRecord, *, merged_into: str | None) -> TeachingRecord:
    """The record as one that may not be linked: merged into another, or deactivated."""
    status = RecordStatus.MERGED if merged_into else RecordStatus.DEACTIVATED
    return replace(record, status=status, merged_into=merged_into)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _others(names: Iterable[str], current: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name and name != current))


def _date(value: Any) -> date | None:
    """A date, also from a date with a time."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _has_qts(body: dict[str, Any]) -> bool | None:
    """None where the answer does not speak of it: v2 knows `qtsDate`, v3 an object or null."""
    for name in ("qts", "qtsDate"):
        if name in body:
            return bool(body[name])
    return None
