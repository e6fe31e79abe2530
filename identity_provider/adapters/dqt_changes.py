"""The change-request API of the DQT (version 20250627): an approved change goes there with a link to its evidence.

The API fetches the evidence before it answers, for up to half a minute: only jobs call `report`. Whatever is no clear
answer is no answer; the change may have been taken all the same, so `details` is asked before it is sent again.
"""

from __future__ import annotations

import time
from typing import Any

import requests

from identity_provider.adapters.dqt_calls import Call, DqtCalls
from identity_provider.adapters.dqt_records import read_person_of, says_not_found
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import ChangeNotTaken, ChangeOpenThere, ChangeRefused, DetailChange, DetailsOnRecord

API_VERSION = "20250627"
CLOSED_FROM = "20260120"
SECONDS_FOR_A_REPORT = 45.0
LONGEST_NAME = 100

_EVIDENCE_NOT_FETCHED = 10028
_OPEN_THERE = frozenset({10060, 10061})
# What an operator can mend (a key, a switch, a limit) and what passes by itself: the change waits. Whoever is turned
# away at the door has had nothing taken; of the others that is not said.
_TURNED_AWAY = frozenset({401, 403, 429})
_PASSING = frozenset({408, 409, 425})


class DqtChanges:
    """One DQT API and our key to it."""

    def __init__(self, base_url: str, api_key: str, seconds: float = SECONDS_FOR_A_REPORT) -> None:
        self._base_url = base_url.rstrip("/")
        self._calls = DqtCalls(base_url, api_key)
        self._seconds = seconds

    def details(self, trn: str, *, seconds: float) -> DetailsOnRecord:
        """`GET /v3/persons/{trn}?include=PendingDetailChanges`. Raises RegisterUnavailable and ChangeRefused."""
        call = Call(f"/v3/persons/{trn}", (("include", "PendingDetailChanges"),), CLOSED_FROM)
        (reply,) = self._calls.gather([call], time.monotonic() + seconds)
        if reply.status in {308, 410} or (reply.status == 404 and says_not_found(reply.body)):
            raise ChangeRefused(f"the record is not there any more ({reply.status})")
        if reply.status != 200:
            raise RegisterUnavailable(f"the DQT API answered {reply.status} for a person")
        record = read_person_of(trn, reply.body)
        return DetailsOnRecord(
            record.first_name,
            record.middle_name,
            record.last_name,
            record.date_of_birth,
            name_pending=_flag(reply.body, "pendingNameChange"),
            date_of_birth_pending=_flag(reply.body, "pendingDateOfBirthChange"),
        )

    def report(self, change: DetailChange, bearer: str) -> str:
        """`POST /v3/person/name-changes` or `…/date-of-birth-changes`, as the person."""
        where = "name-changes" if change.date_of_birth is None else "date-of-birth-changes"
        try:
            reply = requests.post(
                f"{self._base_url}/v3/person/{where}",
                json=_body(change),
                headers={"X-Api-Version": API_VERSION, "Accept": "application/json"},
                auth=_Bearer(bearer),
                timeout=(5.0, self._seconds),
                allow_redirects=False,
            )
            return _case_number(reply)
        except (requests.RequestException, OSError, ValueError, RecursionError) as silence:
            raise RegisterUnavailable(f"the DQT API gave no answer: {type(silence).__name__}") from silence

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()


class _Bearer(requests.auth.AuthBase):
    """The person's token; not a plain header, which requests would let a .netrc entry replace."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, call: requests.PreparedRequest) -> requests.PreparedRequest:
        call.headers["Authorization"] = f"Bearer {self._token}"
        return call


def _body(change: DetailChange) -> dict[str, Any]:
    about = {
        "emailAddress": change.email,
        "evidenceFileName": change.evidence_name[:LONGEST_NAME],
        "evidenceFileUrl": change.evidence_url,
    }
    if change.date_of_birth is not None:
        return about | {"dateOfBirth": change.date_of_birth.isoformat()}
    names = {"firstName": change.first_name, "middleName": change.middle_name, "lastName": change.last_name}
    if any(len(each) > LONGEST_NAME for each in names.values()):
        raise ChangeRefused(f"the records hold no name of more than {LONGEST_NAME} characters")
    return about | names


def _case_number(reply: requests.Response) -> str:
    """The case number of a 200. Raises ValueError for a body that is none, and what a refusal means."""
    if reply.status_code == 200:
        found = reply.json()
        number = found.get("caseNumber") if isinstance(found, dict) else None
        if not isinstance(number, str) or not number.strip() or not number.isprintable():
            raise RegisterUnavailable("the DQT API's answer has no case number")
        return number.strip()[:100]
    code = _error_code(reply)
    if code in _OPEN_THERE:
        raise ChangeOpenThere(f"the DQT API answered {code}")
    if code == _EVIDENCE_NOT_FETCHED:
        raise ChangeNotTaken("the DQT could not fetch the evidence from us")
    if reply.status_code in _TURNED_AWAY:
        raise ChangeNotTaken(f"the DQT API answered {reply.status_code}")
    if 400 <= reply.status_code < 500 and reply.status_code not in _PASSING:
        raise ChangeRefused(f"the DQT API answered {reply.status_code}" + (f" ({code})" if code else ""))
    raise RegisterUnavailable(f"the DQT API answered {reply.status_code}")


def _error_code(reply: requests.Response) -> int | None:
    """What a refusal says of itself. Whoever fails (5xx) refuses nothing, whatever the body says."""
    if not 400 <= reply.status_code < 500:
        return None
    try:
        body = reply.json()
    except (ValueError, RecursionError):
        return None
    code = body.get("errorCode") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def _flag(body: dict[str, Any], name: str) -> bool:
    """Raises RegisterUnavailable where the answer does not say: "nothing is open" is never guessed."""
    found = body.get(name)
    if not isinstance(found, bool):
        raise RegisterUnavailable(f"the DQT API does not say {name}")
    return found
