"""A service team helps itself: it sees what we refused its service, and has people to try it with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.domain.access import StaffRole
from identity_provider.models import ClientError
from identity_provider.services import retention
from tests.builders import a_client
from tests.console.agents import an_agent
from tests.journeys.travel import count_of
from tests.kit.provider import a_relying_party


def test_a_refusal_at_the_token_endpoint_is_found_on_the_page_of_the_service(app: Flask) -> None:
    party = a_relying_party(app)
    for _ in range(3):
        answer = app.test_client().post(
            "/connect/token",
            data={"grant_type": "authorization_code", "code": "kate@example.com", "redirect_uri": "x"},
            auth=(party.client_id, party.secret or ""),
        )
        assert answer.status_code == 400
    wrong = app.test_client().post(
        "/connect/token", data={"grant_type": "client_credentials"}, auth=(party.client_id, "wrong")
    )
    assert wrong.status_code == 401
    manager = an_agent(app, StaffRole.SERVICE_MANAGER)
    manager.get(f"/support/services/{party.client_id}")
    page = manager.click("What we refused it lately")
    assert "invalid_grant" in page.text
    assert "invalid_client" in page.text
    assert "kate@example.com" not in page.text
    assert count_of(ClientError, ClientError.error == "invalid_grant", ClientError.times == 3) == 1


def test_a_refused_authorization_request_is_found_too_and_others_see_nothing_of_it(app: Flask) -> None:
    client, other = a_client(), a_client()
    for query in (
        {"redirect_uri": "https://evil.example.com/"},
        {"redirect_uri": client.redirect_uris[0], "scope": "x"},
    ):
        app.test_client().get("/connect/authorize", query_string={"client_id": client.id} | query)
    manager = an_agent(app, StaffRole.SERVICE_MANAGER)
    page = manager.get(f"/support/services/{client.id}/errors")
    assert page.text.count("authorize") == 2
    assert "evil" not in page.text
    assert "Nothing was refused" in manager.get(f"/support/services/{other.id}/errors").text


def test_what_repeats_something_that_was_sent_is_left_out(app: Flask) -> None:
    party = a_relying_party(app)
    sent = {"grant_type": "kate@example.com"}
    app.test_client().post("/connect/token", data=sent, auth=(party.client_id, party.secret or ""))
    assert count_of(ClientError) == 1
    assert count_of(ClientError, ClientError.description.contains("kate")) == 0


def test_nobody_fills_the_table_with_services_that_there_are_not(app: Flask, clock: ManualClock) -> None:
    for name in ("nobody", "x" * 90, ""):
        app.test_client().post("/connect/token", data={"grant_type": "x", "client_id": name})
        app.test_client().get("/connect/authorize", query_string={"client_id": name})
    assert count_of(ClientError) == 0
    app.test_client().get("/connect/authorize", query_string={"client_id": a_client().id})
    assert count_of(ClientError) == 1
    clock.advance(timedelta(days=31))
    retention.remove_expired(clock.now())
    assert count_of(ClientError) == 0


def test_people_to_try_are_those_of_the_environment(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, manager = a_client(), an_agent(app, StaffRole.SERVICE_MANAGER)
    manager.get(f"/support/services/{client.id}")
    assert "There are none in this environment" in manager.click("People to try it with").text
    file = tmp_path / "people.json"
    person = {
        "email": "kate@example.com",
        "story": "A returning teacher",
        "states": {"first_name": "Kate", "trn": "1234567", "has_qts": False, "previous_last_names": ["Jones"]},
        "expected": {"trn_lookup_status": "Found", "trn_lookup_reason": "matched", "trn": "1234567"},
    }
    file.write_text(json.dumps({"people": [person]}))
    changed = replace(app.extensions["settings"], test_people_file=str(file))
    monkeypatch.setitem(app.extensions, "settings", changed)
    page = manager.get(f"/support/services/{client.id}/people")
    for words in ("A returning teacher", "Found / matched", "Previous last names: Jones", "Awarded QTS: No"):
        assert words in page.text


@pytest.mark.parametrize(("content", "words"), [
    ("[", "It is not JSON in UTF-8"),
    ("\xff", "It is not JSON in UTF-8"),
    ("[" * 100_000, "It is not JSON in UTF-8"),
    ('{"people": [{"email": "\\ud800"}]}', "It is not JSON in UTF-8"),
    ("[]", "It has to be an object with a list “people”"),
    ('{"people": {}}', "It has to be an object with a list “people”"),
    ('{"people": ["kate@example.com"]}', "Person 1 has to be an object"),
    ('{"people": [{"email": "a@example.com"}, {"story": "?"}]}', "Person 2, “email”: has to be an email address"),
    ('{"people": [{"email": "a@example.com", "story": {}}]}', "Person 1, “story”: has to be a text"),
    ('{"people": [{"email": "a@example.com", "states": ["x"]}]}', "Person 1, “states”: has to be an object"),
    ('{"people": [{"email": "a@example.com", "expected": "Found"}]}', "Person 1, “expected”: has to be an object"),
    ('{"people": [{"email": "a@example.com", "states": {"trn": {}}}]}', "Person 1, “states.trn”: has to be a text"),
    ('{"people": [{"email": "a@example.com", "expected": {"trn": []}}]}', "Person 1, “expected.trn”: has to be"),
    (None, "It cannot be read: No such file or directory"),
])  # fmt: skip
def test_a_file_of_people_that_is_none_is_told_with_what_is_wrong_in_it(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, words: str
) -> None:
    client, file = a_client(), tmp_path / "people.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    changed = replace(app.extensions["settings"], test_people_file=str(file))
    monkeypatch.setitem(app.extensions, "settings", changed)
    page = an_agent(app, StaffRole.SERVICE_MANAGER).get(f"/support/services/{client.id}/people")
    assert (page.status, words in page.text) == (200, True), page.text
    assert "TEST_PEOPLE_FILE" in page.text


def test_of_a_file_with_many_faults_the_first_ones_are_told(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, file = a_client(), tmp_path / "people.json"
    file.write_text(json.dumps({"people": ["nobody"] * 30}), encoding="utf-8")
    changed = replace(app.extensions["settings"], test_people_file=str(file))
    monkeypatch.setitem(app.extensions, "settings", changed)
    page = an_agent(app, StaffRole.SERVICE_MANAGER).get(f"/support/services/{client.id}/people")
    assert ("Person 10 has" in page.text, "Person 11 has" in page.text) == (True, False)
