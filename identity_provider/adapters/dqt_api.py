"""The teacher register as the DQT HTTP API: the same scoring runs on what its searches return.

The API searches by exact values only and shows no records that are closed, so an answer of ours is never `complete`:
absence in it proves nothing, and nobody is told that they have no record because of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date

from identity_provider.adapters.dqt_calls import Call, DqtCalls, Reply
from identity_provider.adapters.dqt_records import closed, read_person_of, read_results, says_not_found
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.patience import no_later_than
from matching import normalise
from matching.records import CandidateAnswer, CandidateQuestion, PersonDetails, TeachingRecord
from matching.statements import numbers

API_VERSION = "20260120"
SECONDS_FOR_AN_ANSWER = 5.0
MOST_SEARCHES = 8
MOST_DETAILS = 12
TEACHERS_ON_RECORD = 3_000_000
"""The API does not say how many records it has; this is how many the DQT has, about."""

POINTS_FOR_A_FIND = 3
"""`v2/teachers/find` returns who agrees in three of: full name, date of birth, email, TRN, NINO."""

_SEVEN_DIGITS = re.compile(r"[0-9]{7}")
_LOCATION = re.compile(r"/v3/persons/([0-9]{7})(?:\?|\Z)")

Query = tuple[tuple[str, str], ...]


class DqtApi:
    """Searches the DQT API. Raises RegisterUnavailable whenever it does not clearly answer within five seconds.

    Less when somebody waits who has less patience (domain/patience.py).
    """

    def __init__(self, base_url: str, api_key: str, seconds: float = SECONDS_FOR_AN_ANSWER) -> None:
        self._calls = DqtCalls(base_url, api_key)
        self._seconds = seconds

    @property
    def size(self) -> int:
        """As `TeacherRegister.size`: a round figure."""
        return TEACHERS_ON_RECORD

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:  # noqa: ARG002
        """The record with this TRN, and its survivor. The API finds nobody by NINO alone."""
        asked = trn if _SEVEN_DIGITS.fullmatch(trn) else _digits(trn)
        return self._with_trn(asked, self._deadline()) if asked else ()

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        """Ask every search that the statement allows, then for the details of whom they found."""
        deadline = self._deadline()
        found: dict[str, TeachingRecord] = {}
        searches = list(_searches(question.person))[:MOST_SEARCHES]
        for search, reply in zip(searches, self._calls.gather(searches, deadline), strict=True):
            if reply.status != 200:
                raise RegisterUnavailable(f"a search of the DQT API answered {reply.status}")
            for record in read_results(reply.body, dict(search.query)):
                found.setdefault(record.trn, record)
        stated, _, _ = numbers(question.person)
        detailed = list(dict.fromkeys([*([stated.value] if stated else []), *found]))[:MOST_DETAILS]
        calls = [_person(trn) for trn in detailed]
        for trn, reply in zip(detailed, self._calls.gather(calls, deadline), strict=True):
            records = self._read(trn, reply, deadline)
            if trn in found and not records:
                raise RegisterUnavailable("the DQT API does not know a person whom it found")
            found |= {record.trn: record for record in records}
        return CandidateAnswer(tuple(found.values()), complete=False)

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def _deadline(self) -> float:
        return no_later_than(time.monotonic() + self._seconds)

    def _with_trn(self, trn: str, deadline: float) -> tuple[TeachingRecord, ...]:
        (reply,) = self._calls.gather([_person(trn)], deadline)
        return self._read(trn, reply, deadline)

    def _read(self, trn: str, reply: Reply, deadline: float) -> tuple[TeachingRecord, ...]:
        """What `v3/persons/{trn}` says: the person, nobody, or a closed record, with its survivor when merged."""
        match reply.status:
            case 200:
                return (read_person_of(trn, reply.body),)
            case 404 if says_not_found(reply.body):
                return ()
            case 410:
                return (closed(self._inactive(trn, deadline), merged_into=None),)
            case 308:
                return self._merged(trn, reply.location, deadline)
            case _:
                raise RegisterUnavailable(f"the DQT API answered {reply.status} for a person")

    def _merged(self, trn: str, location: str, deadline: float) -> tuple[TeachingRecord, ...]:
        """The merged record and the one that it was joined to; a survivor that was merged itself is not followed."""
        target = _LOCATION.search(location)
        if target is None or target[1] == trn:
            raise RegisterUnavailable("the DQT API merged a record into none")
        survivor = target[1]
        (reply,) = self._calls.gather([_person(survivor)], deadline)
        kept = self._survivor(survivor, reply)
        return (closed(self._inactive(trn, deadline), merged_into=survivor), *kept)

    def _survivor(self, trn: str, reply: Reply) -> tuple[TeachingRecord, ...]:
        if reply.status == 200:
            return (read_person_of(trn, reply.body),)
        if reply.status in {308, 410} or (reply.status == 404 and says_not_found(reply.body)):
            return ()
        raise RegisterUnavailable(f"the DQT API answered {reply.status} for a person")

    def _inactive(self, trn: str, deadline: float) -> TeachingRecord:
        """What v2 still shows of a closed record: without it there would be nothing to compare."""
        call = Call(f"/v2/teachers/{trn}", (("includeInactive", "true"),))
        (reply,) = self._calls.gather([call], deadline)
        match reply.status:
            case 200:
                return read_person_of(trn, reply.body)
            case 404:
                return TeachingRecord(trn)
            case _:
                raise RegisterUnavailable(f"the DQT API answered {reply.status} for a closed record")


def _digits(trn: str) -> str:
    """The number alone, as it goes into an address; empty where it is none."""
    read = normalise.trn(trn)
    return read.value if read else ""


def _person(trn: str) -> Call:
    return Call(f"/v3/persons/{trn}", (("include", "Alerts,PreviousNames"),), API_VERSION)


def _searches(person: PersonDetails) -> Iterator[Call]:
    """From the likeliest to find somebody to the least; empty values are never sent (they once matched blanks)."""
    stated = _stated(person)
    first, last = _sendable(person.first_name), _sendable(person.last_name)
    yield from _find(stated)
    born = _sendable_day(person.date_of_birth)
    surnames = [_sendable(name) for name in (person.last_name, *person.previous_last_names, person.first_name)]
    for surname in dict.fromkeys(name for name in surnames if name and born):
        query = (("findBy", "LastNameAndDateOfBirth"), ("lastName", surname), ("dateOfBirth", str(born)))
        yield Call("/v3/persons", query, API_VERSION)
    if first and last:
        yield from _find(stated | {"firstName": last, "lastName": first})
    if born and born.day <= 12 and born.day != born.month:
        yield from _find(stated | {"dateOfBirth": str(date(born.year, born.day, born.month))})


def _stated(person: PersonDetails) -> dict[str, str]:
    """What was stated, as `v2/teachers/find` wants it: numbers are read as the matcher reads them."""
    trn, nino, _ = numbers(person)
    values = {
        "firstName": _sendable(person.first_name),
        "lastName": _sendable(person.last_name),
        "previousFirstName": _sendable(next(iter(person.previous_first_names), "")),
        "previousLastName": _sendable(next(iter(person.previous_last_names), "")),
        "dateOfBirth": str(_sendable_day(person.date_of_birth) or ""),
        "nationalInsuranceNumber": nino.whole if nino else "",
        "emailAddress": normalise.email(person.email),
        "trn": trn.value if trn else "",
    }
    return {name: value for name, value in values.items() if value}


def _sendable(name: str) -> str:
    """A name as the API can be asked for it: no control characters, halves of surrogate pairs or endless text.

    It refuses a request that it cannot read, and a refusal would pass for a register that is down.
    """
    readable = (c for c in name[: normalise.LONGEST_NAME] if c.isprintable())
    return " ".join("".join(readable).split())


def _sendable_day(born: date | None) -> date | None:
    """A day that a person may be born on: the API was made for no others (some of it refuses years before 1753)."""
    return born if born and born.year >= normalise.OLDEST_BIRTH_YEAR else None


def _find(stated: dict[str, str]) -> Iterator[Call]:
    """The search, unless too little was stated for it to find anybody."""
    single = {"dateOfBirth", "nationalInsuranceNumber", "emailAddress", "trn"}
    points = len(single & stated.keys()) + ({"firstName", "lastName"} <= stated.keys())
    if points >= POINTS_FOR_A_FIND:
        yield Call("/v2/teachers/find", tuple(stated.items()))
