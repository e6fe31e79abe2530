"""The stand-in for the DQT API answers as the real one does (dqt-api.md, A1 to A4.2 and B10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.sandbox.dqt_api import create_dqt_api
from identity_provider.sandbox.dqt_rules import split_names
from identity_provider.sandbox.dqt_shelf import Shelf
from identity_provider.sandbox.dqt_wire import CALLS_PER_MINUTE, GET_PERSON
from identity_provider.sandbox.seed import known_records
from matching.records import RecordStatus, TeachingRecord

P1 = TeachingRecord(
    "1000001", "Anne-Marie", "", "O'Brien", (), ("Walsh",), date(1985, 3, 4), "AB123456C", "p1@example.com"
)
P2 = TeachingRecord("1000002", "José", "", "García", date_of_birth=date(1990, 11, 12), email="p2@example.com")
P3 = TeachingRecord("1000003", "Emily", "", "Carter", (), (), date(1992, 6, 7), "CE123456A", "family@example.com")
P4 = replace(P3, trn="1000004", first_name="Grace", nino="CE123457B")
P5 = TeachingRecord("1000005", "Robert", "", "Hill", (), (), date(1979, 1, 2), "CD123456A", has_qts=True)
P6 = replace(P5, trn="1000006", has_qts=False, has_open_alert=True)
P7 = replace(P1, trn="1000007", status=RecordStatus.MERGED, merged_into="1000001")
P8 = replace(P2, trn="1000008", status=RecordStatus.DEACTIVATED)
P9 = TeachingRecord("1000009", "Nobody", "", "Born")
EVERYBODY = [P1, P2, P3, P4, P5, P6, P7, P8, P9]

NEWEST = "20260612"


@dataclass(frozen=True)
class Api:
    """A caller with a key."""

    client: FlaskClient
    key: str = "full"

    def get(self, path: str, version: str = "", **query: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"} | ({"X-Api-Version": version} if version else {})
        return self.client.get(path, query_string=query, headers=headers)

    def post(self, path: str, body: Mapping[str, Any], version: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", "X-Api-Version": version}
        return self.client.post(path, json=body, headers=headers)

    def fail(self, mode: str) -> None:
        self.client.post("/_faults", json={"mode": mode, "seconds": 0.2})


@pytest.fixture
def api() -> Api:
    keys = {"full": frozenset({GET_PERSON}), "poor": frozenset({"CreateTrn"})}
    return Api(create_dqt_api(Shelf.of_records(EVERYBODY), keys).test_client())


def trns(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200
    assert answer.json is not None
    return [result["trn"] for result in answer.json["results"]]


def body(answer: TestResponse) -> dict[str, Any]:
    assert isinstance(answer.json, dict)
    return answer.json


NINO, EMAIL, TRN = "nationalInsuranceNumber", "emailAddress", "trn"
BORN = {"P1": "1985-03-04", "P2": "1990-11-12", "twins": "1992-06-07", "Hill": "1979-01-02", "nobody": "1985-04-03"}


@pytest.mark.parametrize(
    ("name", "born", "more", "found"),
    [
        ("Anne-Marie O'Brien", "P1", {EMAIL: "P1@example.com"}, ["1000001"]),
        ("Anne,Marie O'Brien", "P1", {NINO: "AB123456C"}, []),
        ("Marie Walsh", "P1", {NINO: "AB123456C"}, []),
        ("Jose Garcia", "P2", {EMAIL: "p2@example.com"}, []),
        ("Jose Garcia", "P2", {EMAIL: "p2@example.com", TRN: "1000002"}, ["1000002"]),
        ("Grace Carter", "twins", {EMAIL: "family@example.com", TRN: "1000003"}, ["1000003", "1000004"]),
        ("Robert Hill", "Hill", {NINO: "CD123456A"}, ["1000005", "1000006"]),
        ("Bob Hill", "Hill", {NINO: "CD123456A"}, ["1000005", "1000006"]),
        ("Anne-Marie O'Brien", "nobody", {NINO: "AB123456C"}, []),
        ("Anne-Marie O'Brien", "P1", {NINO: "AB123456C", TRN: "1000010"}, ["1000001"]),
        ("O'Brien Anne-Marie", "P1", {NINO: "AB123456C"}, []),
        ("Anne-Marie O’Brien", "P1", {EMAIL: "p1@example.com"}, []),
        ("Anne-Marie O'Brien", "P1", {TRN: "1000007"}, []),
    ],
)
def test_the_default_find_wants_three_things_to_agree(
    api: Api, name: str, born: str, more: dict[str, str], found: list[str]
) -> None:
    first, last = name.split(" ")
    asked = {"firstName": first.replace(",", " "), "lastName": last, "dateOfBirth": BORN[born], **more}
    assert trns(api.get("/v2/teachers/find", **asked)) == found


def test_who_asks_for_nothing_finds_nobody(api: Api) -> None:
    assert trns(api.get("/v2/teachers/find")) == []
    assert trns(api.get("/v2/teachers/find", firstName="", lastName="", emailAddress="", trn="")) == []


def test_the_strict_find_wants_trn_birthday_and_national_insurance_number(api: Api) -> None:
    hill = {"firstName": "Robert", "lastName": "Hill", "dateOfBirth": BORN["Hill"], "matchPolicy": "Strict"}
    assert trns(api.get("/v2/teachers/find", **hill, trn="1000005", nationalInsuranceNumber="cd 12 34 56 a")) == [
        "1000005"
    ]
    assert trns(api.get("/v2/teachers/find", **hill, trn="1000005")) == []
    jose = {"firstName": "José", "lastName": "García", "dateOfBirth": BORN["P2"], "matchPolicy": "Strict"}
    assert trns(api.get("/v2/teachers/find", **jose, trn="1000002")) == ["1000002"]


def test_a_result_of_the_find_has_the_shape_that_its_consumers_read(api: Api) -> None:
    asked = {"dateOfBirth": BORN["P1"], "nationalInsuranceNumber": "AB123456C", "trn": "1000001"}
    (result,) = body(api.get("/v2/teachers/find", **asked))["results"]
    assert len(result.pop("uid")) == 36
    assert result == {
        "trn": "1000001",
        "emailAddresses": ["p1@example.com"],
        "firstName": "Anne-Marie",
        "middleName": "",
        "lastName": "O'Brien",
        "dateOfBirth": "1985-03-04",
        "nationalInsuranceNumber": "AB123456C",
        "hasActiveSanctions": False,
    }


def test_a_request_that_contradicts_itself_is_a_validation_problem(api: Api) -> None:
    answer = api.get("/v2/teachers/find", ittProviderName="A", ittProviderUkprn="1")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert "ittProviderUkprn" in body(answer)["errors"]
    assert api.get("/v2/teachers/find", dateOfBirth="4 March").status_code == 400
    assert api.get("/v2/teachers/find", matchPolicy="Loose").status_code == 400


def test_who_has_no_key_or_no_role_is_refused(api: Api) -> None:
    nobody = api.client.get("/v2/teachers/find")
    assert (nobody.status_code, nobody.data) == (401, b"")
    assert Api(api.client, "wrong").get("/v3/persons/1000001", NEWEST).status_code == 401
    assert Api(api.client, "poor").get("/v3/persons/1000001", NEWEST).status_code == 403
    assert Api(api.client, "poor").get("/v2/teachers/find").status_code == 403
    assert Api(api.client, "poor").get("/v3/trns/1000001", NEWEST).status_code == 204


def test_one_teacher_of_v2(api: Api) -> None:
    assert body(api.get("/v2/teachers/1000005"))["qtsDate"] == "2010-07-01"
    assert api.get("/v2/teachers/7654321").status_code == 404
    assert api.get("/v2/teachers/1000008").status_code == 404
    assert body(api.get("/v2/teachers/1000008", includeInactive="true"))["lastName"] == "García"


def test_training_providers_are_sorted(api: Api) -> None:
    providers = body(api.get("/v2/itt-providers"))["ittProviders"]
    assert providers == sorted(providers, key=lambda provider: provider["providerName"])


def test_what_is_not_included_is_left_out(api: Api) -> None:
    plain = body(api.get("/v3/persons/1000006", NEWEST))
    assert {"alerts", "previousNames"}.isdisjoint(plain)
    full = body(api.get("/v3/persons/1000006", NEWEST, include="Alerts,PreviousNames"))
    assert full["alerts"][0]["endDate"] is None
    assert full["previousNames"] == []
    assert body(api.get("/v3/persons/1000002", NEWEST))["nationalInsuranceNumber"] is None


def test_a_person_looks_different_by_version(api: Api) -> None:
    oldest = body(api.get("/v3/teachers/1000006", include="Alerts,Sanctions"))
    assert oldest["email"] is None
    assert oldest["alerts"][0]["dqtSanctionCode"] == "T1"
    assert body(api.get("/v3/persons/1000005", "20250203"))["qts"]["awarded"] == "2010-07-01"
    assert body(api.get("/v3/persons/1000005", "20250627"))["qts"] == {"holdsFrom": "2010-07-01", "routes": []}


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v3/persons/1000001", ""),
        ("/v3/persons/1000001", "20240101"),
        ("/v3/teachers/1000001", "20240606"),
        ("/v3/persons/1000001", "20991231"),
        ("/v3/trns/1000001", "20250804"),
        ("/v3/people/1000001", ""),
    ],
)
def test_an_endpoint_that_a_version_lacks_is_the_frameworks_own_404(api: Api, path: str, version: str) -> None:
    answer = api.get(path, version)
    assert (answer.status_code, body(answer).get("errorCode")) == (404, None)


def test_closed_records_are_told_apart_by_version(api: Api) -> None:
    merged, gone = api.get("/v3/persons/1000007", NEWEST), api.get("/v3/persons/1000008", NEWEST)
    assert (merged.status_code, merged.headers["Location"]) == (308, "/v3/persons/1000001")
    assert (gone.status_code, body(gone)["errorCode"]) == (410, 10058)
    before = api.get("/v3/persons/1000007", "20250905"), api.get("/v3/persons/1000008", "20250905")
    assert [(each.status_code, body(each)["errorCode"]) for each in before] == [(404, 10059), (404, 10058)]
    assert api.get("/v3/trns/1000007", NEWEST).headers["Location"] == "/v3/trns/1000001"
    assert api.get("/v3/trns/1000008", NEWEST).status_code == 410


def test_birthday_and_national_insurance_number_are_checked_one_at_a_time(api: Api) -> None:
    def read(**query: str) -> int:
        return api.get("/v3/persons/1000001", NEWEST, **query).status_code

    assert read(dateOfBirth="1985-03-04") == 200
    assert read(dateOfBirth="1985-03-05") == 404
    assert read(nationalInsuranceNumber="AB123456C") == 200
    assert read(nationalInsuranceNumber="AB123456D") == 404
    assert read(nationalInsuranceNumber="AB123456C", dateOfBirth="1985-03-04") == 400
    assert body(api.get("/v3/persons/7654321", NEWEST))["errorCode"] == 10001


def test_people_are_found_by_a_shared_word_of_any_last_name_and_birthday(api: Api) -> None:
    def find(last_name: str, born: str) -> list[str]:
        query = {"findBy": "LastNameAndDateOfBirth", "lastName": last_name, "dateOfBirth": born}
        return trns(api.get("/v3/persons", NEWEST, **query))

    assert find("walsh", "1985-03-04") == ["1000001"]
    assert find("O’Brien", "1985-03-04") == ["1000001"]
    assert find("Smith-Carter", "1992-06-07") == ["1000003", "1000004"]
    assert find("Garcia", "1990-11-12") == []
    assert find("Carter", "1992-06-08") == []


def test_a_search_without_its_values_is_a_validation_problem(api: Api) -> None:
    assert body(api.get("/v3/persons", NEWEST))["errors"] == {"findBy": ["Invalid matching policy."]}
    missing = api.get("/v3/persons", NEWEST, findBy="LastNameAndDateOfBirth", lastName="Hill")
    assert list(body(missing)["errors"]) == ["dateOfBirth"]


def test_many_people_are_found_by_exact_pairs_only(api: Api) -> None:
    pairs = [
        {"trn": "1000001", "dateOfBirth": "1985-03-04"},
        {"trn": "1000002", "dateOfBirth": "1985-03-04"},
        {"trn": "1000008", "dateOfBirth": "1990-11-12"},
    ]
    assert trns(api.post("/v3/persons/find", {"persons": pairs}, NEWEST)) == ["1000001"]
    assert api.post("/v3/persons/find", {"persons": pairs * 200}, NEWEST).status_code == 400
    assert api.post("/v3/persons/find", {}, NEWEST).status_code == 400


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Anne-Marie", {"anne", "marie"}),
        ("Anne-Marie-Louise", {"anne", "marie-louise"}),
        ("Van Smith-Jones", {"van", "smith-jones"}),
        ("O’Brien", {"o'brien"}),
    ],
)
def test_names_are_divided_at_the_first_divider_only(name: str, words: set[str]) -> None:
    assert split_names(name) == words


def test_who_calls_too_often_is_told_when_to_come_back(api: Api) -> None:
    for _ in range(CALLS_PER_MINUTE):
        api.get("/v2/itt-providers")
    refused = api.get("/v2/itt-providers")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")


def test_it_fails_as_it_is_told_to(api: Api) -> None:
    seen = {}
    for mode in ("down", "rate_limited", "empty", "slow", "garbage", "ok"):
        api.fail(mode)
        seen[mode] = api.get("/v3/persons/1000001", NEWEST)
    assert [answer.status_code for answer in seen.values()] == [503, 429, 404, 200, 200, 200]
    assert b"<html>" in seen["garbage"].data


def test_a_page_lists_records_to_try(api: Api) -> None:
    page = api.client.get("/")
    assert page.text.count("<tr>") == 1 + len(EVERYBODY)
    assert "into 1000001" in page.text
    shelf = Shelf.of_records([*EVERYBODY, *known_records()])
    tried = create_dqt_api(shelf, {}).test_client().get("/").text
    assert all(record.trn in tried for record in known_records()[:12])


def test_before_the_first_import_there_is_a_page_and_no_answer() -> None:
    shelf = Shelf(MemoryRegister(down=True), lambda: ())
    waiting = Api(create_dqt_api(shelf, {"full": frozenset({GET_PERSON})}).test_client())
    assert "There is no register yet" in waiting.client.get("/").text
    assert waiting.get("/v3/persons/1000001", NEWEST).status_code == 503


def test_answers_are_kept_nowhere(api: Api) -> None:
    assert "no-store" in api.get("/v3/persons/1000001", NEWEST).headers["Cache-Control"]
