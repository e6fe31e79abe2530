"""What the DQT API's JSON says of a person, as a teaching record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from identity_provider.adapters import dqt_fields as fields
from identity_provider.adapters.dqt_alerts import read_alerts
from identity_provider.domain.errors import RegisterUnavailable
from matching.records import RecordStatus, TeachingRecord

_PERSON_NOT_FOUND = 10001
_COUNTED = "findBy"
"""In the query of a search of v3, which says the total of its results and finds by the exact date of birth."""


def says_not_found(problem: dict[str, Any]) -> bool:
    """Whether a 404 speaks of a person, and not of an address or a version that the API does not have."""
    return problem.get("errorCode") == _PERSON_NOT_FOUND


def read_results(body: dict[str, Any], query: Mapping[str, str]) -> tuple[TeachingRecord, ...]:
    """The people whom a search with this query found, each TRN once; people without a TRN are left out.

    Raises RegisterUnavailable when the body is no search result, or not all of it: the API has no pages, so a list that
    is shorter than its total was cut off, and who is missing may be the namesake that makes a link unsafe.
    """
    if "results" not in body or fields.listed(body, "results") is None:
        raise RegisterUnavailable("the DQT API's answer has no list of results")
    results = fields.objects(body, "results")
    if (_COUNTED in query or "total" in body) and not _is_count(body.get("total"), len(results)):
        raise RegisterUnavailable("the DQT API's answer has not as many results as it says")
    for result in results:
        fields.must_speak_of(result, "trn")
    people = [read_person(result) for result in results if result["trn"] is not None]
    if _COUNTED in query and any(str(person.date_of_birth) != query["dateOfBirth"] for person in people):
        raise RegisterUnavailable("the DQT API found people who were born on another day")
    return tuple({person.trn: person for person in people}.values())


def read_person_of(trn: str, body: dict[str, Any]) -> TeachingRecord:
    """The person of this TRN. Raises RegisterUnavailable when the answer is none, or about somebody else."""
    person = read_person(body)
    if person.trn != trn:
        raise RegisterUnavailable("the DQT API answered about another TRN")
    return person


def read_person(body: dict[str, Any]) -> TeachingRecord:
    """One person of v2 or v3, as far as the answer goes. Raises RegisterUnavailable when it is none."""
    if not fields.is_trn(body.get("trn")):
        raise RegisterUnavailable("the DQT API's answer has no TRN")
    fields.must_speak_of(body, "firstName", "lastName", "dateOfBirth")
    first, last = fields.text(body, "firstName"), fields.text(body, "lastName")
    previous = fields.objects(body, "previousNames")
    alerts = read_alerts(body)
    emails = [fields.text(body, "emailAddress"), fields.text(body, "email"), *fields.texts(body, "emailAddresses")]
    return TeachingRecord(
        trn=body["trn"],
        first_name=first,
        middle_name=fields.text(body, "middleName"),
        last_name=last,
        previous_first_names=_others((fields.text(name, "firstName") for name in previous), first),
        previous_last_names=_others((fields.text(name, "lastName") for name in previous), last),
        date_of_birth=fields.day(body, "dateOfBirth"),
        nino=fields.text(body, "nationalInsuranceNumber"),
        nino_told="nationalInsuranceNumber" in body,
        email=next(filter(None, emails), ""),
        has_qts=_has_qts(body),
        has_open_alert=alerts.is_open,
        has_prohibition=alerts.is_prohibition,
        open_alerts=alerts.names,
    )


def closed(record: TeachingRecord, *, merged_into: str | None) -> TeachingRecord:
    """The record as one that may not be linked: merged into another, or deactivated."""
    status = RecordStatus.MERGED if merged_into else RecordStatus.DEACTIVATED
    return replace(record, status=status, merged_into=merged_into)


def _is_count(total: Any, results: int) -> bool:
    return isinstance(total, int) and not isinstance(total, bool) and total == results


def _others(names: Iterable[str], current: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name and name != current))


def _has_qts(body: dict[str, Any]) -> bool | None:
    """None where the answer does not speak of it: v2 knows `qtsDate`, v3 an object with a date, or null."""
    if "qts" not in body:
        return fields.day(body, "qtsDate") is not None if "qtsDate" in body else None
    qts = body["qts"]
    if qts is None:
        return False
    if not isinstance(qts, dict):
        raise RegisterUnavailable("the DQT API's answer has no qts that can be read")
    return True if fields.day(qts, "holdsFrom") or fields.day(qts, "awarded") else None
