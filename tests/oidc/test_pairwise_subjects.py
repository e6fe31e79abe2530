"""Pairwise subjects: another one for each sector, the same one everywhere within it (OpenID Connect Core 8)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt

from identity_provider.adapters.memory import ManualClock, MemoryServices
from identity_provider.cli.worker import run
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, Client, PairwiseSubject, User
from identity_provider.services import subjects
from identity_provider.services.clients import ClientRefused
from identity_provider.vault import vault
from tests.builders import a_user
from tests.kit.outside import OutsideWorld
from tests.kit.provider import CALLBACK, a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
ELSEWHERE = "https://grants.example.org/callback"


def sign_in(app: Flask, service: RelyingParty, person: User, **parameters: str) -> SignedIn:
    asked = service.ask(**parameters)
    return service.finish(a_browser_of(app, person).get(asked.path).location, asked)


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, subject_type="pairwise", backchannel_logout_uri="https://npq.example.org/out")


@pytest.fixture
def person(app: Flask) -> User:
    return a_user(trn="1234567")


def test_a_person_has_another_subject_in_each_sector_and_keeps_it(
    app: Flask, service: RelyingParty, person: User
) -> None:
    in_same_sector = a_relying_party(app, number=2, subject_type="pairwise")
    other = a_relying_party(app, number=3, subject_type="pairwise", redirect_uris=(ELSEWHERE,))
    public = a_relying_party(app, number=4)
    subjects = [sign_in(app, each, person).claims["sub"] for each in (service, service, in_same_sector, other, public)]
    assert subjects[0] == subjects[1] == subjects[2]
    assert len({subjects[0], subjects[3], subjects[4]}) == 3
    assert subjects[4] == str(person.id)
    assert all(str(UUID(each)) == each for each in subjects)
    another = sign_in(app, service, a_user(trn="7654321")).claims["sub"]
    assert another not in subjects


def test_two_services_cannot_tell_that_a_session_is_one(app: Flask, service: RelyingParty, person: User) -> None:
    """`sid` in both ID tokens of one browser would join what pairwise subjects keep apart; at one service it stays."""
    other = a_relying_party(app, number=3, subject_type="pairwise", redirect_uris=(ELSEWHERE,))
    browser = a_browser_of(app, person)
    named = []
    for each in (service, service, other):
        asked = each.ask()
        named.append(each.finish(browser.get(asked.path).location, asked).claims["sid"])
    session = db.session.query(BrowserSession).one()
    assert named[0] == named[1]
    assert len({named[0], named[2], str(session.id)}) == 3


def test_nothing_that_the_service_is_told_holds_the_public_subject(
    app: Flask, person: User, outside: OutsideWorld
) -> None:
    """ID token, userinfo, access token, introspection and logout token say the same subject."""
    service = a_relying_party(
        app,
        subject_type="pairwise",
        access_token_format="jwt",
        may_introspect=True,
        backchannel_logout_uri="https://npq.example.org/out",
        scope="openid profile email trn offline_access",
    )
    browser, asked = a_browser_of(app, person), service.ask()
    signed_in = service.finish(browser.get(asked.path).location, asked)
    subject = signed_in.claims["sub"]
    access = jwt.decode(signed_in.token["access_token"], service.keys(), algorithms=["RS256"]).claims
    told = [signed_in.claims, signed_in.userinfo, access]
    shown = [{"token": signed_in.token[name]} for name in ("access_token", "refresh_token")]
    told += [service.authenticated("/connect/introspection", each).json for each in shown]
    again = service.token({"grant_type": "refresh_token", "refresh_token": signed_in.token["refresh_token"]}).json
    told.append(service.validate(again["id_token"], nonce=None))
    told.append(the_logout_token(service, browser, outside.services))
    assert [each["sub"] for each in told] == [subject] * len(told)
    assert str(person.id) not in str(told)


def the_logout_token(service: RelyingParty, browser: FlaskClient, services: MemoryServices) -> dict[str, Any]:
    page = browser.get("/connect/signout")
    fields = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
    browser.post("/connect/signout/confirm", data=fields)
    db.session.remove()
    run(until_idle=True)
    return dict(jwt.decode(services.told[0][1]["logout_token"], service.keys(), algorithms=["RS256"]).claims)


def test_a_change_of_the_secret_changes_no_subject(app: Flask, service: RelyingParty, person: User) -> None:
    before = sign_in(app, service, person).claims["sub"]
    settings = app.extensions["settings"]
    try:
        vault.unlock(("another-key-for-tests-that-is-long-enough", *settings.secret_keys), settings.encryption_keys)
        assert sign_in(app, service, person).claims["sub"] == before
    finally:
        vault.unlock(settings.secret_keys, settings.encryption_keys)


def test_a_hint_is_understood_and_only_by_whom_it_was_given_to(app: Flask, service: RelyingParty, person: User) -> None:
    hint = sign_in(app, service, person).token["id_token"]
    silent = service.ask(prompt="none", id_token_hint=hint)
    assert "code" in service.answer_in(a_browser_of(app, person).get(silent.path).location)
    somebody_else = a_browser_of(app, a_user(trn="7654321"))
    assert service.answer_in(somebody_else.get(silent.path).location)["error"] == "login_required"


def test_the_claims_parameter_may_name_the_subject_that_the_service_knows(
    app: Flask, service: RelyingParty, person: User
) -> None:
    subject = sign_in(app, service, person).claims["sub"]
    for named, answered in ((subject, True), (str(person.id), False), (subject.upper(), False), ("nobody", False)):
        asked = service.ask(prompt="none", claims=f'{{"id_token": {{"sub": {{"value": "{named}"}}}}}}')
        answer = service.answer_in(a_browser_of(app, person).get(asked.path).location)
        assert ("code" in answer) is answered, named


def test_a_merged_identity_is_known_by_the_subject_that_it_had_here(
    app: Flask, service: RelyingParty, person: User
) -> None:
    earlier, never_here = a_user(), a_user()
    subject = sign_in(app, service, earlier, prompt="none", scope="openid").claims["sub"]
    with transaction():
        for each in (earlier, never_here):
            db.session.merge(each).merged_into_id = person.id
    signed_in = sign_in(app, service, person)
    assert signed_in.userinfo["previous_user_id"] == [subject]
    asked = service.ask(prompt="none", claims=f'{{"id_token": {{"sub": {{"value": "{subject}"}}}}}}')
    assert "code" in service.answer_in(a_browser_of(app, person).get(asked.path).location)


def test_a_document_joins_several_hosts_to_one_sector(app: Flask, person: User, outside: OutsideWorld) -> None:
    """OpenID Connect Core 8.1; Registration 5."""
    uri = "https://sector.example.org/uris.json"
    document = (CALLBACK, ELSEWHERE, "https://third.example.org/callback")
    joined = a_relying_party(
        app,
        number=2,
        subject_type="pairwise",
        redirect_uris=(CALLBACK, ELSEWHERE),
        sector_identifier_uri=uri,
        sector_document=document,
    )
    sector = "sector.example.org"
    sign_in(app, joined, person)
    assert db.session.query(PairwiseSubject).one().sector_identifier == sector


@pytest.mark.parametrize(
    "registration",
    [
        {"redirect_uris": (CALLBACK, ELSEWHERE)},
        {"redirect_uris": (), "scopes": ("user:read",)},
        {"sector_identifier_uri": "https://sector.example.org/uris.json"},
        {"sector_identifier_uri": "https://sector.example.org/uris.json", "sector_document": (ELSEWHERE,)},
        {"sector_identifier_uri": "http://sector.example.org/uris.json", "sector_document": (CALLBACK,)},
        {"subject_type": "private"},
    ],
)
def test_a_sector_that_is_none_is_refused(app: Flask, registration: dict[str, Any]) -> None:
    with pytest.raises(ClientRefused):
        a_relying_party(app, **({"subject_type": "pairwise"} | registration))


def test_of_eight_first_answers_at_once_all_say_the_same_subject(
    app: Flask, service: RelyingParty, person: User, clock: ManualClock
) -> None:
    """The primary key decides, and whoever comes second reads what the first one made."""
    user_id, client_id, start = person.id, service.client_id, Barrier(8)
    db.session.remove()

    def first_answer(_: int) -> str:
        with app.app_context():
            start.wait()
            with transaction():
                return subjects.subject_for(db.session.get_one(Client, client_id), user_id, now=clock.now())

    with ThreadPoolExecutor(max_workers=8) as workers:
        assert len(set(workers.map(first_answer, range(8)))) == 1
    assert db.session.query(PairwiseSubject).count() == 1
