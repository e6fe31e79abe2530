"""Reading names and birthdays as passports and driving licences print them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from identity_provider.services.one_login_checks import TokenRefused
from identity_provider.services.one_login_told import Proved, Told, read_email, read_proved, sealed, unsealed

TODAY = date(2026, 3, 2)


def a_name(*parts: str, **validity: str | None) -> dict[str, Any]:
    *given, family = parts
    words = [{"type": "GivenName", "value": each} for each in given] + [{"type": "FamilyName", "value": family}]
    return {**validity, "nameParts": words}


def claims(*names: dict[str, Any], born: object = "1970-01-01") -> dict[str, Any]:
    return {"vot": "P2", "vc": {"credentialSubject": {"name": list(names), "birthDate": [{"value": born}]}}}


def test_the_present_name_is_the_one_without_an_end() -> None:
    proved = read_proved(claims(a_name("Alice", "Jane", "Laura", "O’Donnell", validUntil="2020-03-01"),
                                a_name("Alice", "Jane", "Laura", "Doe", validFrom="2020-03-01")), TODAY)  # fmt: skip
    assert (proved.first_name, proved.middle_name, proved.last_name) == ("Alice", "Jane Laura", "Doe")
    assert proved.previous == (("Alice", "O’Donnell"),)


def test_parts_stand_in_any_order_and_a_family_name_may_have_several() -> None:
    parts = [("FamilyName", "García"), ("GivenName", "Ana"), ("FamilyName", "López")]
    name = {"nameParts": [{"type": kind, "value": text} for kind, text in parts]}
    proved = read_proved(claims(name), TODAY)
    assert (proved.first_name, proved.last_name) == ("Ana", "García López")


@pytest.mark.parametrize(
    ("printed", "written"),
    [("O'SHAUGHNESSY-LEE", "O'Shaughnessy-Lee"), ("McDonald", "McDonald"), ("WIŚNIEWSKI", "Wiśniewski"), ("X", "X")],
)
def test_capitals_of_documents_are_not_kept(printed: str, written: str) -> None:
    assert read_proved(claims(a_name("ANN", printed)), TODAY).last_name == written


@pytest.mark.parametrize(
    "unusable",
    [
        {},
        {"vc": None},
        {"vc": {"credentialSubject": []}},
        claims(),
        claims(a_name("Ann", "Doe", validUntil="2020-01-01")),
        claims({"nameParts": "Ann Doe"}),
        claims(a_name("Doe")),
        claims(a_name("Ann", "x" * 201)),
        claims(a_name("Ann", "Doe"), born="1970-13-01"),
        claims(a_name("Ann", "Doe"), born=None),
        claims(a_name("Ann", "Doe"), born="2027-01-01"),
        claims(a_name("Ann", "Doe"), born=19700101),
    ],
    ids=lambda each: str(each)[:60],
)
def test_what_names_nobody_is_refused(unusable: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        read_proved({"vot": "P2", **unusable}, TODAY)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"email": "Ann@Example.com", "email_verified": True}, "ann@example.com"),
        ({"email": "ann@example.com", "email_verified": False}, ""),
        ({"email": "ann@example.com", "email_verified": "true"}, ""),
        ({"email": "ann@example.com"}, ""),
        ({"email": "nonsense", "email_verified": True}, ""),
        ({"email": ["ann@example.com"], "email_verified": True}, ""),
        ({}, ""),
    ],
)
def test_only_a_verified_address_is_read(said: dict[str, object], read: str) -> None:
    assert read_email(said) == read


def test_what_is_kept_is_sealed_and_read_back() -> None:
    proved = Proved("Ann", "", "Doe", date(1970, 1, 1), (("Ann", "Roe"),))
    told = Told("https://issuer/", "sub", "ann@example.com", "sid", None, proved, ("C",))
    assert unsealed(sealed(told)) == told
    assert b"Doe" not in sealed(told)
    assert "Doe" not in repr(told)
