"""Version 3 of the DQT API, by minor version: reading one person, and finding people."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from identity_provider.sandbox.dqt_changes import Keepers
from identity_provider.sandbox.dqt_rules import shares_last_name
from identity_provider.sandbox.dqt_shapes import PERSONS_FROM, v3_person, v3_result
from identity_provider.sandbox.dqt_shelf import Shelf
from identity_provider.sandbox.dqt_wire import Invalid, Problem, date_argument, need_role, version
from identity_provider.sandbox.faults import Faults
from matching.records import RecordStatus, TeachingRecord

BIRTHDAY_CHECK_FROM = "20240416"
FIND_MANY_FROM = "20240814"
NINO_CHECK_FROM = "20250203"
TRNS_FROM = "20250905"
GONE_FROM = "20260120"
MOST_PERSONS = 500

NOT_FOUND, DEACTIVATED, MERGED = 10001, 10058, 10059


def v3_api(shelf: Shelf, faults: Faults, keepers: Keepers) -> Blueprint:
    """The endpoints of v3 that identity providers call."""
    api = Blueprint("v3", __name__, url_prefix="/v3")
    people = _People(shelf, faults, keepers)
    for rule, endpoint in (
        ("/teachers/<trn>", people.teacher),
        ("/persons/<trn>", people.person),
        ("/teachers", people.find_teachers),
        ("/persons", people.find_persons),
        ("/trns/<trn>", people.trn_exists),
    ):
        api.add_url_rule(rule, view_func=endpoint, methods=["GET"])
    api.add_url_rule("/persons/find", view_func=people.find_many, methods=["POST"])
    return api


class _People:
    """The records, as v3 gives them."""

    def __init__(self, shelf: Shelf, faults: Faults, keepers: Keepers) -> None:
        self._shelf = shelf
        self._keepers = keepers
        self._faults = faults

    def teacher(self, trn: str) -> ResponseReturnValue:
        need_role()
        return self._person(trn, version(until=PERSONS_FROM))

    def person(self, trn: str) -> ResponseReturnValue:
        need_role()
        return self._person(trn, version(since=PERSONS_FROM))

    def find_teachers(self) -> ResponseReturnValue:
        need_role()
        return self._find(version(until=PERSONS_FROM))

    def find_persons(self) -> ResponseReturnValue:
        need_role()
        return self._find(version(since=PERSONS_FROM))

    def find_many(self) -> ResponseReturnValue:
        need_role()
        asked = version(since=FIND_MANY_FROM)
        wanted = [(self._on_shelf(trn), born) for trn, born in _pairs()]
        found = [r for r, born in wanted if r and _is_open(r) and str(r.date_of_birth) == born]
        return jsonify(total=len(found), results=[v3_result(record, asked) for record in found])

    def trn_exists(self, trn: str) -> ResponseReturnValue:
        asked = version(since=TRNS_FROM)
        return _unless_closed(self._known(trn), asked, "trns") or Response(b"", 204)

    def _person(self, trn: str, asked: str) -> ResponseReturnValue:
        record = self._known(trn)
        _check_birthday_and_nino(record, asked)
        include = frozenset(request.args.get("include", "").replace(" ", "").split(","))
        return _unless_closed(record, asked, "persons") or jsonify(
            v3_person(record, asked, include, self._keepers.pending(trn))
        )

    def _find(self, asked: str) -> ResponseReturnValue:
        if request.args.get("findBy") != "LastNameAndDateOfBirth":
            raise Invalid(findBy="Invalid matching policy.")
        last_name, born = request.args.get("lastName", ""), date_argument("dateOfBirth")
        if not last_name or born is None:
            raise Invalid(**{"dateOfBirth" if last_name else "lastName": "A value must be provided."})
        near = () if self._faults.is_("empty") else self._shelf.sharing(born=born)
        found = [r for r in near if r.date_of_birth == born and _is_open(r) and shares_last_name(r, last_name)]
        query = {"findBy": "LastNameAndDateOfBirth", "lastName": last_name, "dateOfBirth": str(born)}
        return jsonify(total=len(found), query=query, results=[v3_result(record, asked) for record in found])

    def _on_shelf(self, trn: str) -> TeachingRecord | None:
        return None if self._faults.is_("empty") else self._shelf.with_trn(trn)

    def _known(self, trn: str) -> TeachingRecord:
        record = self._on_shelf(trn)
        if record is None:
            raise Problem(404, f"Person not found. TRN: '{trn}'", NOT_FOUND)
        return self._keepers.as_it_is(record)


def _is_open(record: TeachingRecord) -> bool:
    return record.status is RecordStatus.ACTIVE


def _unless_closed(record: TeachingRecord, asked: str, place: str) -> Response | None:
    """How a closed record is told, by version: 404 with a code at first, 410 and 308 later."""
    if _is_open(record):
        return None
    merged = record.status is RecordStatus.MERGED and record.merged_into
    if asked < GONE_FROM:
        raise Problem(404, "The person was merged or deactivated.", MERGED if merged else DEACTIVATED)
    if not merged:
        raise Problem(410, "The person was deactivated.", DEACTIVATED)
    return Response(b"", 308, {"Location": f"/v3/{place}/{record.merged_into}"})


def _check_birthday_and_nino(record: TeachingRecord, asked: str) -> None:
    born: date | None = date_argument("dateOfBirth") if asked >= BIRTHDAY_CHECK_FROM else None
    nino = request.args.get("nationalInsuranceNumber", "") if asked >= NINO_CHECK_FROM else ""
    if born and nino:
        raise Invalid(dateOfBirth="Specify either dateOfBirth or nationalInsuranceNumber, not both.")
    if (born and record.date_of_birth != born) or (nino and record.nino != nino.replace(" ", "").upper()):
        raise Problem(404, f"Person not found. TRN: '{record.trn}'", NOT_FOUND)


def _pairs() -> list[tuple[str, str]]:
    body: Any = request.get_json(silent=True)
    persons = body.get("persons") if isinstance(body, dict) else None
    if not isinstance(persons, list) or not all(isinstance(person, dict) for person in persons):
        raise Invalid(persons="A list is required.")
    if len(persons) > MOST_PERSONS:
        raise Invalid(persons=f"Only {MOST_PERSONS} persons or less can be specified.")
    return [(str(person.get("trn", "")), str(person.get("dateOfBirth", ""))) for person in persons]
