"""What the DQT API adapter asks, and which answers are no clear ones: nobody is linked by half of an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.dqt_changes import DqtChanges
from identity_provider.adapters.dqt_records import read_person
from identity_provider.domain.errors import RegisterUnavailable
from matching.matcher import DefiniteMatch, match
from matching.policy import Policy
from matching.records import PersonDetails, RecordStatus
from tests.kit.registers import TODAY

NAMES = {"firstName": "Ann", "middleName": "", "lastName": "Featherstone"}
PERSON: dict[str, Any] = {
    "trn": "1000001",
    **NAMES,
    "dateOfBirth": "1980-02-03",
    "nationalInsuranceNumber": "AB123456C",
    "emailAddress": None,
}
CLOSED = {"trn": "1000007", **NAMES, "dateOfBirth": "1980-02-03", "qtsDate": None}
ANN = PersonDetails("Ann", "", "Featherstone", date_of_birth=date(1980, 2, 3), nino="AB123456C")
NO_PERSON = {"title": "Person not found", "errorCode": 10001}

Answer = tuple[int, Any]
Asked = list[tuple[str, dict[str, str]]]


def usual(path: str) -> Answer:
    """What an API says that has one record."""
    if path == "/v3/persons":
        return 200, {"total": 1, "results": [PERSON]}
    if path == "/v2/teachers/find":
        return 200, {"results": [PERSON]}
    return (200, PERSON) if path == "/v3/persons/1000001" else (404, NO_PERSON)


@contextmanager
def an_api(answer: Callable[[str], Answer], asked: Asked | None = None) -> Iterator[str]:
    """A server that gives these answers, and writes down what it was asked."""

    class Wire(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if asked is not None:
                asked.append((url.path, dict(parse_qsl(url.query))))
            status, said = answer(url.path)
            body = said if isinstance(said, bytes) else b"" if status == 308 else json.dumps(said).encode()
            self.send_response(status)
            if status == 308:
                self.send_header("Location", said)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Wire) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def a_register(answer: Callable[[str], Answer], asked: Asked | None = None) -> Iterator[DqtApi]:
    with an_api(answer, asked) as url:
        register = DqtApi(url, "key", seconds=120)
        yield register
        register.close()


def but(place: str, answer: Answer) -> Callable[[str], Answer]:
    """The usual answers, but this one at this place."""
    return lambda path: answer if path == place else usual(path)


def nobody(path: str) -> Answer:
    """What an API says that has no record."""
    if path == "/v3/persons":
        return 200, {"total": 0, "results": []}
    return (200, {"results": []}) if path == "/v2/teachers/find" else (404, NO_PERSON)


def test_the_usual_answers_link() -> None:
    with a_register(usual) as register:
        assert isinstance(match(ANN, register, Policy.DEFAULT, TODAY), DefiniteMatch)
        assert isinstance(match(replace(ANN, trn="1000001"), register, Policy.DEFAULT, TODAY), DefiniteMatch)


@pytest.mark.parametrize("body", [
    {"total": 2, "results": [PERSON]},
    {"total": 1, "results": []},
    {"total": 0, "results": [PERSON]},
    {"total": "1", "results": [PERSON]},
    {"total": True, "results": [PERSON]},
    {"total": 1.0, "results": [PERSON]},
    {"total": -1, "results": []},
    {"total": None, "results": [PERSON]},
    {"results": [PERSON]},
    {"total": 1},
    {"total": 0, "results": None},
    {"total": 1, "results": {"0": PERSON}},
    {"total": 1, "results": ["1000001"]},
    {"total": 1, "results": [{"firstName": "Ann"}]},
    {"total": 1, "results": [PERSON | {"trn": ""}]},
    {"total": 1, "results": [PERSON | {"dateOfBirth": "1980-02-04"}]},
    {"total": 1, "results": [PERSON | {"dateOfBirth": None}]},
])  # fmt: skip
def test_a_search_that_does_not_give_all_that_it_found_is_no_answer(body: dict[str, Any]) -> None:
    with a_register(but("/v3/persons", (200, body))) as register, pytest.raises(RegisterUnavailable):
        match(ANN, register, Policy.DEFAULT, TODAY)


@pytest.mark.parametrize("body", [
    {"total": 2, "results": [PERSON]}, {"results": None}, {"results": [PERSON, None]},
    {"results": [PERSON | {"trn": "123456789"}]},
])  # fmt: skip
def test_nor_is_a_search_of_v2(body: dict[str, Any]) -> None:
    with a_register(but("/v2/teachers/find", (200, body))) as register, pytest.raises(RegisterUnavailable):
        match(ANN, register, Policy.DEFAULT, TODAY)


def test_people_without_a_trn_and_people_twice_are_an_answer() -> None:
    """Both are known of the API (dqt-api.md, A5)."""
    body = {"total": 3, "results": [PERSON, PERSON, PERSON | {"trn": None}]}
    with a_register(but("/v3/persons", (200, body))) as register:
        outcome = match(ANN, register, Policy.DEFAULT, TODAY)
    assert [each.record.trn for each in outcome.candidates] == ["1000001"]


def test_somebody_whom_a_search_found_and_nobody_knows_is_no_answer() -> None:
    with a_register(but("/v3/persons/1000001", (404, NO_PERSON))) as register, pytest.raises(RegisterUnavailable):
        match(ANN, register, Policy.DEFAULT, TODAY)


def test_an_answer_about_somebody_else_is_no_answer() -> None:
    other = PERSON | {"trn": "1000005"}
    with a_register(but("/v3/persons/1000001", (200, other))) as register:
        with pytest.raises(RegisterUnavailable, match="another TRN"):
            register.find_by_identifiers("1000001", "")
        with pytest.raises(RegisterUnavailable, match="another TRN"):
            match(ANN, register, Policy.DEFAULT, TODAY)


MERGED = {"/v3/persons/1000007": (308, "/v3/persons/1000001"), "/v2/teachers/1000007": (200, CLOSED)}


@pytest.mark.parametrize("answers", [
    {"/v3/persons/1000001": (200, PERSON | {"trn": "1000005"})},
    {"/v3/persons/1000001": (200, PERSON | {"trn": "1000007"})},
    {"/v3/persons/1000001": (404, {"title": "Not Found"})},
    {"/v3/persons/1000001": (204, b"")},
    {"/v3/persons/1000007": (308, "/v3/persons/1000007")},
    {"/v2/teachers/1000007": (200, CLOSED | {"trn": "1000001"})},
    {"/v2/teachers/1000007": (204, b"")},
    {"/v2/teachers/1000007": (410, {})},
])  # fmt: skip
def test_of_a_merged_record_each_part_of_the_answer_is_about_whom_was_asked(answers: dict[str, Answer]) -> None:
    said = MERGED | answers
    with a_register(lambda path: said.get(path) or usual(path)) as register, pytest.raises(RegisterUnavailable):
        register.find_by_identifiers("1000007", "")


@pytest.mark.parametrize(("survivor", "found"), [
    ((200, PERSON), ["1000007", "1000001"]), ((410, {}), ["1000007"]), ((404, NO_PERSON), ["1000007"]),
    ((308, "/v3/persons/1000002"), ["1000007"]),
])  # fmt: skip
def test_a_merged_record_leads_to_its_survivor_where_there_is_one(survivor: Answer, found: list[str]) -> None:
    said = MERGED | {"/v3/persons/1000001": survivor}
    with a_register(lambda path: said.get(path) or usual(path)) as register:
        records = register.find_by_identifiers("1000007", "")
    assert [record.trn for record in records] == found
    assert records[0].status is RecordStatus.MERGED


@pytest.mark.parametrize("trn", [
    "123456789", "12345678", "123456", "0000000", "", " 1000001", "1000001\n", "RP1000001", "１００００01",
    1000001, None, True, ["1000001"],
])  # fmt: skip
def test_a_trn_is_seven_digits_or_the_answer_is_none(trn: object) -> None:
    with pytest.raises(RegisterUnavailable, match="no TRN"):
        read_person(PERSON | {"trn": trn})


@pytest.mark.parametrize("said", [
    {"firstName": 5}, {"lastName": ["Featherstone"]}, {"middleName": {}}, {"firstName": False},
    {"lastName": "x" * 1_001},
    {"dateOfBirth": 19800203}, {"dateOfBirth": "19800203"}, {"dateOfBirth": "03/02/1980"}, {"dateOfBirth": ""},
    {"dateOfBirth": "1980-W05-7"}, {"dateOfBirth": "1980-02-30"}, {"dateOfBirth": "1980-02-03x"}, {"dateOfBirth": True},
    {"nationalInsuranceNumber": 1}, {"nationalInsuranceNumber": ["AB123456C"]},
    {"emailAddress": 1}, {"email": ["a@example.com"]}, {"emailAddresses": "a@example.com"}, {"emailAddresses": [1]},
    {"previousNames": "Ash"}, {"previousNames": ["Ash"]}, {"previousNames": {"lastName": "Ash"}},
    {"previousNames": [{"firstName": "Ann", "lastName": 7}]},
    {"qts": True}, {"qts": "2010-07-01"}, {"qts": {"holdsFrom": "soon"}}, {"qtsDate": "yes"}, {"qtsDate": True},
    {"alerts": "none"}, {"alerts": {}}, {"alerts": False}, {"hasActiveSanctions": "false"}, {"hasActiveSanctions": 0},
])  # fmt: skip
def test_a_value_that_the_api_does_not_give_makes_the_answer_none(said: dict[str, Any]) -> None:
    with pytest.raises(RegisterUnavailable):
        read_person(PERSON | said)


@pytest.mark.parametrize("lacking", ["trn", "firstName", "lastName", "dateOfBirth"])
def test_a_person_of_whom_the_half_is_said_is_no_answer(lacking: str) -> None:
    with pytest.raises(RegisterUnavailable):
        read_person({name: value for name, value in PERSON.items() if name != lacking})


def test_what_is_null_or_left_out_is_not_on_the_record() -> None:
    names = {"firstName": None, "lastName": "Teo", "previousNames": None, "emailAddresses": None}
    record = read_person({"trn": "0000042", **names, "dateOfBirth": None, "qts": None, "alerts": None})
    assert (record.trn, record.first_name, record.last_name, record.middle_name) == ("0000042", "", "Teo", "")
    assert (record.date_of_birth, record.email, record.has_qts, record.has_open_alert) == (None, "", False, None)


@pytest.mark.parametrize(("said", "has_qts"), [
    ({}, None), ({"qts": {"holdsFrom": "2001-01-01", "routes": []}}, True), ({"qts": {"awarded": "2001-01-01"}}, True),
    ({"qts": {}}, None), ({"qts": {"holdsFrom": None}}, None), ({"qtsDate": None}, False),
    ({"qtsDate": "2001-01-01"}, True),
])  # fmt: skip
def test_qts_is_a_date(said: dict[str, Any], has_qts: bool | None) -> None:
    assert read_person(PERSON | said).has_qts is has_qts


def test_signs_that_nobody_can_store_are_taken_out_of_names() -> None:
    assert read_person(PERSON | {"lastName": "Feather\0stone\ud800 "}).last_name == "Feather stone"


@pytest.mark.parametrize("ended", ["", "soon", 5, False, {}, "2021-13-01"])
def test_an_alert_whose_end_cannot_be_read_has_not_ended(ended: object) -> None:
    alert = {"alertType": {"name": "Interim", "alertCategory": {"name": "Prohibition from teaching"}}, "endDate": ended}
    record = read_person(PERSON | {"alerts": [alert]})
    assert (record.has_open_alert, record.has_prohibition) == (True, True)


@pytest.mark.parametrize("kind", [
    {"name": 5, "alertCategory": {"name": "Flag"}}, {"name": "Interim order", "alertCategory": None},
    {"name": "Interim order"}, {"alertCategory": {"name": "Flag"}}, 5, None,
])  # fmt: skip
def test_an_alert_of_which_the_half_is_told_may_be_a_prohibition(kind: object) -> None:
    record = read_person(PERSON | {"alerts": [{"alertType": kind, "endDate": None}]})
    assert (record.has_prohibition, record.may_be_prohibited) == (None, True)


def test_a_body_nested_beyond_reading_is_no_answer() -> None:
    with a_register(but("/v3/persons/1000001", (200, b"[" * 200_000))) as register, pytest.raises(RegisterUnavailable):
        register.find_by_identifiers("1000001", "")


def asked_of(person: PersonDetails) -> Asked:
    asked: Asked = []
    with a_register(nobody, asked) as api:
        match(person, api, Policy.DEFAULT, TODAY)
    return asked


@pytest.mark.parametrize(("typed", "sent"), [
    ("AB-12-34-56-C", "AB123456C"), (" ab 12 34 56 c", "AB123456C"), ("AB12345OC", "AB123450C"),
    ("ab123456", "AB123456"), ("ＡＢ123456C", "AB123456C"), ("12345", None), ("not known", None), ("AB123456CC", None),
])  # fmt: skip
def test_a_national_insurance_number_is_sent_as_the_api_compares_it(typed: str, sent: str | None) -> None:
    person = replace(ANN, trn="RP 12/34567", nino=typed)
    finds = [query for path, query in asked_of(person) if path == "/v2/teachers/find"]
    assert finds
    assert {query.get("nationalInsuranceNumber") for query in finds} == {sent}


def test_a_trn_is_sent_as_its_digits_wherever_it_goes() -> None:
    asked = asked_of(replace(ANN, trn="RP 12/34567"))
    assert {query["trn"] for path, query in asked if path == "/v2/teachers/find"} == {"1234567"}
    assert {path for path, _ in asked if path.startswith("/v3/persons/")} == {"/v3/persons/1234567"}
    written: Asked = []
    with a_register(usual, written) as register:
        assert register.find_by_identifiers("RP 10/00001", "")[0].trn == "1000001"
        assert register.find_by_identifiers("../1000001/x", "")[0].trn == "1000001"
        assert register.find_by_identifiers("don't know", "") == ()
    assert [path for path, _ in written] == ["/v3/persons/1000001"] * 2


def test_a_national_insurance_number_in_the_box_for_the_trn_is_asked_as_what_it_is() -> None:
    """Its six digits would be somebody else's TRN."""
    asked = asked_of(replace(ANN, trn="AB 12 34 56 C", nino=""))
    finds = [query for path, query in asked if path == "/v2/teachers/find"]
    assert {(query.get("trn"), query.get("nationalInsuranceNumber")) for query in finds} == {(None, "AB123456C")}
    assert not [path for path, _ in asked if path.startswith("/v3/persons/")]


@pytest.mark.parametrize(("born", "sent"), [(date(1980, 2, 3), {"1980-02-03", "1980-03-02"}), (date(1, 2, 3), set())])
def test_a_date_is_sent_as_the_api_reads_it_and_one_that_nobody_has_is_not(born: date, sent: set[str]) -> None:
    asked = asked_of(replace(ANN, date_of_birth=born, trn="1000001"))
    assert {query["dateOfBirth"] for _, query in asked if "dateOfBirth" in query} == sent


def test_the_details_that_a_change_is_compared_with_are_of_the_person_who_asked() -> None:
    pending = {"pendingNameChange": False, "pendingDateOfBirthChange": False}
    with an_api(but("/v3/persons/1000001", (200, PERSON | pending | {"trn": "1000005"}))) as url:
        changes = DqtChanges(url, "key")
        with pytest.raises(RegisterUnavailable, match="another TRN"):
            changes.details("1000001", seconds=120)
        changes.close()
