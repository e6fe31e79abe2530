"""Who is told of changes: the DQT's API over the wire, held to the same rules as its twin in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
import requests
from flask import Flask, Response, jsonify
from joserfc import jwt
from joserfc.jwk import RSAKey

from identity_provider.adapters.dqt_changes import DqtChanges
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import (
    ChangeNotTaken,
    ChangeOpenThere,
    ChangeRefused,
    ChangeReporter,
    DetailChange,
    DetailsOnRecord,
)
from identity_provider.sandbox.dqt_api import create_dqt_api
from identity_provider.sandbox.dqt_shelf import Shelf
from identity_provider.sandbox.dqt_wire import GET_PERSON
from tests.builders import a_record
from tests.kit.browser import serving

TRN = "1234567"
PATIENCE = 120
EVIDENCE = b"%PDF-1.7 of a marriage"
KEY = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})


@dataclass
class Keepers:
    """One of the two worlds: the reporter, a token that it takes, and how its keepers decide."""

    reporter: ChangeReporter
    bearer: str
    origin: str = ""
    evidence: str = "https://identity.example.org/evidence/token"
    # With little patience, for when nobody answers.
    hasty: ChangeReporter | None = None

    def ask(self, **values: Any) -> str:
        return self.reporter.report(replace(self.change(), **values), self.bearer)

    def change(self) -> DetailChange:
        return DetailChange(TRN, "kate@example.com", "certificate.pdf", self.evidence, "Kate", "", "Hall")

    def details(self) -> DetailsOnRecord:
        return self.reporter.details(TRN, seconds=PATIENCE)

    def decide(self, number: int, answer: str) -> None:
        if isinstance(self.reporter, MemoryChanges):
            self.reporter.decide(self.reporter.taken[number - 1], accept=answer == "accept")
        else:
            requests.post(f"{self.origin}/changes/{number}/{answer}", timeout=60)

    def taken(self) -> list[Any]:
        """What the stand-in has taken in."""
        return list(requests.get(f"{self.origin}/changes.json", timeout=60).json())

    def fail(self, mode: str) -> None:
        requests.post(f"{self.origin}/_faults", json={"mode": mode, "seconds": 600}, timeout=60)


def a_provider() -> Flask:
    """As much of our provider as the DQT asks: its keys, and a file of evidence."""
    app = Flask(__name__)

    @app.get("/.well-known/jwks")
    def keys() -> Response:
        return jsonify(keys=[KEY.as_dict(private=False)])

    @app.get("/evidence/token")
    def evidence() -> Response:
        return Response(EVIDENCE, mimetype="application/pdf")

    return app


def token(issuer: str, **claims: Any) -> str:
    said = {"iss": issuer, "exp": 4_000_000_000, "scope": "dqt:read", "trn": TRN} | claims
    return jwt.encode({"alg": "RS256", "kid": "one"}, said, KEY)


@pytest.fixture
def wire() -> Iterator[Keepers]:
    record = a_record(TRN)
    with serving(a_provider()) as issuer:
        stand_in = create_dqt_api(Shelf.of_records([record]), {"key": frozenset({GET_PERSON})}, issuer)
        with serving(stand_in) as origin:
            reporter, hasty = DqtChanges(origin, "key", seconds=PATIENCE), DqtChanges(origin, "key", seconds=1)
            keepers = Keepers(reporter, token(issuer), origin, f"{issuer}/evidence/token", hasty)
            yield keepers
            keepers.fail("ok")
            reporter.close()
            hasty.close()


@pytest.fixture(params=["memory", "wire"])
def keepers(request: pytest.FixtureRequest) -> Keepers:
    if request.param == "wire":
        found: Keepers = request.getfixturevalue("wire")
        return found
    held = DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))
    return Keepers(MemoryChanges({TRN: held}), "a token")


def test_a_change_is_taken_and_open_until_it_is_decided(keepers: Keepers) -> None:
    assert keepers.details() == DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))
    assert keepers.ask() == "TRS-1"
    assert keepers.details().name_pending
    assert not keepers.details().date_of_birth_pending
    keepers.decide(1, "accept")
    assert keepers.details() == DetailsOnRecord("Kate", "", "Hall", date(1985, 3, 4))


def test_one_of_each_kind_may_be_open(keepers: Keepers) -> None:
    keepers.ask()
    assert keepers.ask(date_of_birth=date(1985, 4, 3)) == "TRS-2"
    for again in ({}, {"date_of_birth": date(1985, 4, 4)}):
        with pytest.raises(ChangeOpenThere):
            keepers.ask(**again)


def test_what_is_declined_leaves_the_record_as_it_was(keepers: Keepers) -> None:
    keepers.ask(date_of_birth=date(1985, 4, 3))
    keepers.decide(1, "decline")
    assert keepers.details() == DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))


def test_the_evidence_is_fetched_while_we_wait(wire: Keepers) -> None:
    wire.ask()
    assert requests.get(f"{wire.origin}/changes/1/evidence", timeout=60).content == EVIDENCE
    with pytest.raises(ChangeNotTaken, match="fetch the evidence"):
        wire.ask(evidence_url=wire.evidence + "/gone", date_of_birth=date(1985, 4, 3))


@pytest.mark.parametrize("mode", ["down", "rate_limited", "garbage"])
def test_no_clear_answer_is_no_answer(wire: Keepers, mode: str) -> None:
    wire.fail(mode)
    with pytest.raises(RegisterUnavailable):
        wire.ask()
    with pytest.raises(RegisterUnavailable):
        wire.details()
    wire.fail("ok")
    assert wire.taken() == []


def test_what_is_taken_when_nobody_waits_any_more_is_found_out_by_asking(wire: Keepers) -> None:
    assert wire.hasty
    wire.fail("slow")
    with pytest.raises(RegisterUnavailable):
        wire.hasty.report(wire.change(), wire.bearer)
    with pytest.raises(RegisterUnavailable):
        wire.hasty.details(TRN, seconds=1)
    wire.fail("ok")
    deadline = time.monotonic() + PATIENCE
    while not wire.taken() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert wire.details().name_pending
    with pytest.raises(ChangeOpenThere):
        wire.ask()
    assert len(wire.taken()) == 1


def test_a_lost_reply_is_found_out_by_asking(wire: Keepers) -> None:
    wire.fail("lost_reply")
    with pytest.raises(RegisterUnavailable):
        wire.ask()
    wire.fail("ok")
    assert wire.details().name_pending


def test_a_token_that_does_not_hold_waits_for_who_can_mend_it(wire: Keepers) -> None:
    issuer = wire.evidence.removesuffix("/evidence/token")
    for bad in (token("https://elsewhere.example"), token(issuer, scope="openid"), token(issuer, exp=1), "nonsense"):
        with pytest.raises(ChangeNotTaken, match=r"40[13]"):
            wire.reporter.report(wire.change(), bad)


def test_what_can_never_be_taken_is_refused(wire: Keepers) -> None:
    with pytest.raises(ChangeRefused, match="400"):
        wire.ask(last_name="")
    with pytest.raises(ChangeRefused, match="100 characters"):
        wire.ask(last_name="a" * 101)
    with pytest.raises(ChangeRefused, match="not there"):
        wire.reporter.details("7654321", seconds=PATIENCE)
