"""The change-request API of the DQT's stand-in (dqt-api.md, A4.4), and where a person plays its keepers.

As the real one it takes a token of ours that speaks for the person, fetches the evidence before it answers, and holds
one open change of each kind for each record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import Any

import requests
from flask import Blueprint, Response, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from identity_provider.sandbox.dqt_wire import Invalid, Problem, version
from identity_provider.sandbox.faults import Faults, drop_connection
from matching.records import TeachingRecord

SINCE = "20240606"
LARGEST_EVIDENCE = 5_000_000
SECONDS_TO_FETCH = 30
LOST_REPLY = "lost_reply"
NOT_FETCHED, NAME_OPEN, BIRTHDAY_OPEN = 10028, 10060, 10061
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_NAMES = ("firstName", "middleName", "lastName")
_LONGEST_NAME = 100


@dataclass
class Asked:
    """One change that was asked for, with the evidence as it was fetched."""

    number: int
    trn: str
    kind: str
    wanted: dict[str, str]
    email: str
    evidence_name: str
    evidence_type: str
    evidence: bytes = field(repr=False)
    state: str = "open"

    @property
    def case_number(self) -> str:
        """What the API calls it."""
        return f"TRS-{self.number}"

    @property
    def says(self) -> str:
        """What is asked for, in one line."""
        return " ".join(each for each in self.wanted.values() if each)


@dataclass
class Keepers:
    """The people who keep the records: what they were asked, and what they have made of records."""

    issuer: str
    asked: list[Asked] = field(default_factory=list)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def as_it_is(self, record: TeachingRecord) -> TeachingRecord:
        """The record with what was accepted here: the register itself is only read."""
        return replace(record, **self.changed.get(record.trn, {}))

    def pending(self, trn: str) -> dict[str, bool]:
        """`PendingDetailChanges`, as `v3/persons/{trn}` includes it."""
        kinds = {each.kind for each in self.asked if each.trn == trn and each.state == "open"}
        return {"pendingNameChange": "name" in kinds, "pendingDateOfBirthChange": "birthday" in kinds}

    def take(self, change: Asked) -> Asked:
        """Note a change, unless one of its kind is open for the record."""
        with self._lock:
            if any(e.trn == change.trn and e.kind == change.kind and e.state == "open" for e in self.asked):
                code = NAME_OPEN if change.kind == "name" else BIRTHDAY_OPEN
                raise Problem(400, "An open change request of this kind already exists.", code)
            change.number = len(self.asked) + 1
            self.asked.append(change)
        return change

    def decide(self, change: Asked, *, accept: bool) -> None:
        """Close an open change; an accepted one is what the record says from now on."""
        with self._lock:
            if change.state != "open":
                return
            change.state = "accepted" if accept else "declined"
        if accept and change.kind == "name":
            first, middle, last = (change.wanted[name] for name in _NAMES)
            self.changed.setdefault(change.trn, {}).update(first_name=first, middle_name=middle, last_name=last)
        elif accept:
            born = date.fromisoformat(change.wanted["dateOfBirth"])
            self.changed.setdefault(change.trn, {}).update(date_of_birth=born)

    def numbered(self, number: int) -> Asked:
        """The change of this number."""
        found = next((each for each in self.asked if each.number == number), None)
        return found or abort(404)


def changes_api(keepers: Keepers, faults: Faults) -> Blueprint:
    """What our jobs call; with the fault `lost_reply` a change is taken, and nobody hears of it."""
    api = Blueprint("person_changes", __name__)

    @api.post("/v3/person/name-changes")
    def name() -> ResponseReturnValue:
        return take("name", dict.fromkeys(_NAMES, _LONGEST_NAME))

    @api.post("/v3/person/date-of-birth-changes")
    def birthday() -> ResponseReturnValue:
        return take("birthday", {"dateOfBirth": 10})

    def take(kind: str, wanted: dict[str, int]) -> ResponseReturnValue:
        version(since=SINCE)
        trn = _trn_of_token(keepers.issuer)
        sent = _fields(wanted)
        change = Asked(0, trn, kind, {name: sent[name] for name in wanted}, sent["emailAddress"], "", "", b"")
        change.evidence_name = sent["evidenceFileName"]
        change.evidence_type, change.evidence = _fetched(sent["evidenceFileUrl"])
        keepers.take(change)
        if faults.is_(LOST_REPLY):
            drop_connection()
        return jsonify(caseNumber=change.case_number)

    return api


def keepers_pages(keepers: Keepers) -> Blueprint:
    """Where whoever tries the sandbox decides, and sees the evidence; `GET /changes.json` for scripts."""
    pages = Blueprint("keepers", __name__)

    @pages.get("/changes.json")
    def listed() -> ResponseReturnValue:
        return jsonify([_told(each) for each in keepers.asked])

    @pages.get("/changes/<int:number>/evidence")
    def evidence(number: int) -> ResponseReturnValue:
        change = keepers.numbered(number)
        return Response(change.evidence, mimetype=change.evidence_type, headers={"Content-Security-Policy": "sandbox"})

    @pages.post("/changes/<int:number>/<any('accept', 'decline'):answer>")
    def decide(number: int, answer: str) -> ResponseReturnValue:
        keepers.decide(keepers.numbered(number), accept=answer == "accept")
        return redirect("/", 303)

    return pages


def _told(change: Asked) -> dict[str, Any]:
    return {
        "number": change.number,
        "caseNumber": change.case_number,
        "trn": change.trn,
        "kind": change.kind,
        "wanted": change.wanted,
        "state": change.state,
        "evidenceName": change.evidence_name,
        "evidenceBytes": len(change.evidence),
    }


def _trn_of_token(issuer: str) -> str:
    """The TRN of a token that our provider signed for the DQT. Raises Problem."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not issuer:
        raise Problem(401, "Unauthorized")
    try:
        keys = KeySet.import_key_set(requests.get(f"{issuer}/.well-known/jwks", timeout=5).json())
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(iss={"essential": True, "value": issuer}, exp={"essential": True}).validate(claims)
    except (requests.RequestException, JoseError, ValueError) as refusal:
        raise Problem(401, "Unauthorized") from refusal
    if "dqt:read" not in str(claims.get("scope", "")).split() or not claims.get("trn"):
        raise Problem(403, "Forbidden")
    return str(claims["trn"])


def _fields(wanted: dict[str, int]) -> dict[str, str]:
    """The fields of the body, as texts. Raises Invalid for those that are missing or too long."""
    body = request.get_json(silent=True)
    sent: dict[str, Any] = body if isinstance(body, dict) else {}
    limits = {**wanted, "evidenceFileName": 100, "evidenceFileUrl": 4_000, "emailAddress": 320}
    may_be_empty = {"middleName", "emailAddress"}
    wrong = {
        name: "The field is required." if not sent.get(name) else f"At most {longest} characters."
        for name, longest in limits.items()
        if (not sent.get(name) and name not in may_be_empty) or len(str(sent.get(name) or "")) > longest
    }
    if wrong:
        raise Invalid(**wrong)
    return {name: str(sent.get(name) or "") for name in limits}


def _fetched(url: str) -> tuple[str, bytes]:
    """The evidence, fetched while the caller waits, as the real API does. Raises Problem(10028)."""
    try:
        with requests.get(url, timeout=SECONDS_TO_FETCH, stream=True) as answer:
            answer.raise_for_status()
            content = answer.raw.read(LARGEST_EVIDENCE + 1, decode_content=True)
            kind = answer.headers.get("Content-Type", "application/octet-stream")
    except (requests.RequestException, ValueError) as failure:
        raise Problem(400, "The evidence could not be fetched.", NOT_FETCHED) from failure
    if len(content) > LARGEST_EVIDENCE:
        raise Problem(400, "The evidence is too large.", NOT_FETCHED)
    return kind, content
