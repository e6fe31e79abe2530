"""How the DQT API writes a person: v2, and v3 by minor version (dqt-api.md, A3 and A4.1)."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from matching.records import TeachingRecord

VERSIONS = (
    "20240101", "20240307", "20240412", "20240416", "20240606", "20240814", "20240912", "20240920", "20250203",
    "20250327", "20250425", "20250627", "20250804", "20250905", "20260120", "20260224", "20260416", "20260515",
    "20260612",
)  # fmt: skip

PERSONS_FROM = "20240606"
ALERTS_ANEW_FROM = "20240920"
ROUTES_FROM = "20250627"

_PROHIBITION = {"code": "T1", "startDate": "2020-01-01"}
_PROHIBITION_TYPE = {
    "alertTypeId": str(uuid5(NAMESPACE_URL, "prohibition")),
    "name": "Prohibition by the Secretary of State - misconduct",
    "alertCategory": {"alertCategoryId": str(uuid5(NAMESPACE_URL, "category")), "name": "Prohibition from teaching"},
}


_FLAG_TYPE = {
    "alertTypeId": str(uuid5(NAMESPACE_URL, "flag")),
    "name": "Previous name check",
    "alertCategory": {"alertCategoryId": str(uuid5(NAMESPACE_URL, "flags")), "name": "Flag"},
}


def find_result(record: TeachingRecord) -> dict[str, Any]:
    """One result of `v2/teachers/find`."""
    return {
        "trn": record.trn,
        "emailAddresses": [record.email] if record.email else [],
        "firstName": record.first_name,
        "middleName": record.middle_name,
        "lastName": record.last_name,
        "dateOfBirth": _date(record),
        "nationalInsuranceNumber": record.nino or None,
        "uid": str(uuid5(NAMESPACE_URL, record.trn)),
        "hasActiveSanctions": bool(record.has_open_alert),
    }


def v2_teacher(record: TeachingRecord) -> dict[str, Any]:
    """`v2/teachers/{trn}`."""
    return {
        "trn": record.trn,
        "firstName": record.first_name,
        "lastName": record.last_name,
        "middleName": record.middle_name,
        "dateOfBirth": _date(record),
        "nationalInsuranceNumber": record.nino or None,
        "hasActiveSanctions": bool(record.has_open_alert),
        "qtsDate": "2010-07-01" if record.has_qts else None,
        "eytsDate": None,
        "husId": None,
        "earlyYearsStatus": None,
        "initialTeacherTraining": [],
        "allowPIIUpdates": False,
    }


def v3_person(
    record: TeachingRecord, version: str, include: frozenset[str], pending: dict[str, bool]
) -> dict[str, Any]:
    """`v3/persons/{trn}` and its ancestor `v3/teachers/{trn}`; what is not included is left out."""
    person = _names(record) | {
        "nationalInsuranceNumber": record.nino or None,
        "emailAddress" if version >= PERSONS_FROM else "email": record.email or None,
        "qts": _qts(record, version),
        "eyts": None,
    }
    optional: dict[str, dict[str, Any]] = {
        "PendingDetailChanges": dict(pending),
        "Alerts": {"alerts": _alerts(record, version)},
        "PreviousNames": {"previousNames": _previous_names(record)},
        "Induction": {"induction": None},
        "MandatoryQualifications": {"mandatoryQualifications": []},
        "Sanctions": {"sanctions": _sanctions(record)},
        "RoutesToProfessionalStatuses": {"routesToProfessionalStatuses": []},
        "_AllowIdSignInWithProhibitions": {"allowIdSignInWithProhibitions": False},
    }
    for name in optional.keys() & include:
        person |= optional[name]
    return person


def v3_result(record: TeachingRecord, version: str) -> dict[str, Any]:
    """One person of a v3 search."""
    alerts = {"alerts": _alerts(record, version)} if version >= ALERTS_ANEW_FROM else {"sanctions": _sanctions(record)}
    result = _names(record) | {"previousNames": _previous_names(record)} | alerts
    return result | ({"qts": _qts(record, version), "eyts": None} if version >= ROUTES_FROM else {})


def _names(record: TeachingRecord) -> dict[str, Any]:
    return {
        "trn": record.trn,
        "firstName": record.first_name,
        "middleName": record.middle_name,
        "lastName": record.last_name,
        "dateOfBirth": _date(record),
    }


def _date(record: TeachingRecord) -> str | None:
    return record.date_of_birth.isoformat() if record.date_of_birth else None


def _qts(record: TeachingRecord, version: str) -> dict[str, Any] | None:
    if not record.has_qts:
        return None
    if version >= ROUTES_FROM:
        return {"holdsFrom": "2010-07-01", "routes": []}
    return {"awarded": "2010-07-01", "certificateUrl": "/v3/certificates/qts", "statusDescription": "Qualified"}


def _alerts(record: TeachingRecord, version: str) -> list[dict[str, Any]]:
    if not record.has_open_alert:
        return []
    if version >= ALERTS_ANEW_FROM:
        identity = str(uuid5(NAMESPACE_URL, f"alert {record.trn}"))
        return [
            {
                "alertId": identity,
                "alertType": _FLAG_TYPE if record.has_prohibition is False else _PROHIBITION_TYPE,
                "details": None,
                "startDate": _PROHIBITION["startDate"],
                "endDate": None,
            }
        ]
    return [
        {
            "alertType": "Flag" if record.has_prohibition is False else "Prohibition",
            "dqtSanctionCode": _PROHIBITION["code"],
            "startDate": _PROHIBITION["startDate"],
            "endDate": None,
        }
    ]


def _sanctions(record: TeachingRecord) -> list[dict[str, Any]]:
    return [dict(_PROHIBITION)] if record.has_open_alert else []


def _previous_names(record: TeachingRecord) -> list[dict[str, str]]:
    """Every previous name whole, as the API has them: the other part is the current one."""
    lasts = [
        {"firstName": record.first_name, "middleName": record.middle_name, "lastName": last}
        for last in record.previous_last_names
    ]
    firsts = [
        {"firstName": first, "middleName": record.middle_name, "lastName": record.last_name}
        for first in record.previous_first_names
    ]
    return lasts + firsts
