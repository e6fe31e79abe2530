"""docs/claims.md says of every claim what the code does."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import REASONS, VerificationLevel
from identity_provider.models import User
from identity_provider.oidc import claims
from tests.builders import NOW, a_user
from tests.kit.provider import a_browser_of, a_relying_party

PAGE = Path(__file__).resolve().parents[2] / "docs" / "claims.md"
TYPES = {"string": str, "number": int, "boolean": bool, "array of strings": list}


def table(heading: str) -> list[list[str]]:
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[re.sub(r"^`(\w+)`$", r"\1", cell.strip()) for cell in line.strip("|").split("|")] for line in lines]


OF_THE_PERSON = {name: (scope, kind, when) for name, scope, kind, when in table("Of the person")}
OF_THE_TOKEN = {name: kind for name, kind, _ in table("Of the token")}


def of_somebody_with_everything(scope: str, policy: MatchPolicy = MatchPolicy.STRICT) -> dict[str, Any]:
    user = a_user(
        trn="0234567",
        level=VerificationLevel.MEDIUM,
        middle_name="Anne",
        preferred_name="Kit",
        date_of_birth=date(1985, 3, 4),
        mobile_number="+447700900123",
        mobile_verified_at=NOW,
    )
    return told(user, scope, policy)


def told(user: User, scope: str, policy: MatchPolicy) -> dict[str, Any]:
    person = claims.Person(user, str(user.id), previous_subjects=("other",), nino="AB123456C", nino_matches=True)
    return claims.about(person, claims.Audience(frozenset({"openid", scope}), frozenset(), policy))


def test_the_page_lists_every_claim_and_no_other() -> None:
    assert tuple(OF_THE_PERSON) == claims.SUPPORTED
    discovery = claims.SUPPORTED + tuple(OF_THE_TOKEN)
    assert len(set(discovery)) == len(discovery)


def test_the_page_lists_every_status_with_its_reasons() -> None:
    listed = {(status, reason) for status, reason, _ in table("Why a search stands where it does")}
    assert listed == {(status.value, reason.value) for status, reasons in REASONS.items() for reason in reasons}


def test_the_discovery_document_promises_what_the_page_lists(app: Flask) -> None:
    promised = app.test_client().get("/.well-known/openid-configuration").get_json()["claims_supported"]
    assert set(promised) == {*OF_THE_PERSON, *OF_THE_TOKEN}


@pytest.mark.parametrize("scope", sorted({scope for scope, _, _ in OF_THE_PERSON.values()}))
def test_each_scope_brings_its_claims_in_their_types(app: Flask, scope: str) -> None:
    got = of_somebody_with_everything(scope)
    listed = {name: kind for name, (where, kind, _) in OF_THE_PERSON.items() if where in {"openid", scope}}
    assert got.keys() == listed.keys()
    for name, kind in listed.items():
        assert type(got[name]) is TYPES[kind], name


def test_what_is_always_there_is_there_for_somebody_of_whom_little_is_known(app: Flask) -> None:
    user = a_user(date_of_birth=None)
    for name, (scope, _, when) in OF_THE_PERSON.items():
        if when.startswith("always"):
            assert name in told(user, scope, MatchPolicy.DEFAULT), name


def test_what_is_for_strict_services_only_is_for_nobody_else(app: Flask) -> None:
    strict = {name for name, (_, _, when) in OF_THE_PERSON.items() if when.startswith("`Strict` services only")}
    assert strict
    assert strict.isdisjoint(of_somebody_with_everything("trn", MatchPolicy.DEFAULT))


def test_the_id_token_carries_what_the_page_says_in_its_types(app: Flask) -> None:
    service = a_relying_party(app)
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    of_the_token = {name: value for name, value in signed_in.claims.items() if name not in OF_THE_PERSON}
    assert of_the_token.keys() == OF_THE_TOKEN.keys()
    for name, kind in OF_THE_TOKEN.items():
        assert type(of_the_token[name]) is TYPES[kind], name
    assert of_the_token["exp"] - of_the_token["iat"] == 300
