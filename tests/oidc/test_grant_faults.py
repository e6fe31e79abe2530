"""What a service reads of a code or a refresh token of its own that was refused: which of the faults it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import ClientError, Grant
from identity_provider.services import grant_faults, grants
from tests.builders import a_user
from tests.kit.provider import CALLBACK, a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty, Reply


def granted(app: Flask, service: RelyingParty, **parameters: str | None) -> tuple[str, Asked]:
    """A code, and the request that it answers."""
    asked = service.ask(**parameters)
    return service.code_in(a_browser_of(app, a_user()).get(asked.path).location, asked), asked


def said(reply: Reply) -> str:
    """The description of a refused grant."""
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
    return str(reply.json["error_description"])


def revoke_everything(clock: ManualClock) -> None:
    with transaction():
        for each in db.session.scalars(db.select(Grant)):
            grants.revoke(each.id, now=clock.now())


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"redirect_uri": CALLBACK + "/"}, grant_faults.OTHER_ADDRESS),
        ({"verifier": "x" * 43}, grant_faults.OTHER_VERIFIER),
        ({"verifier": "short"}, grant_faults.OTHER_VERIFIER),
        ({"verifier": None}, grant_faults.NO_VERIFIER),
        ({"code": "y" * 43}, grant_faults.UNKNOWN_CODE),
    ],
)
def test_what_does_not_fit_a_code_is_named(app: Flask, sent: dict[str, str | None], fault: str) -> None:
    service = a_relying_party(app, scope="openid")
    code, asked = granted(app, service)
    values = {"code": code, "verifier": asked.verifier} | sent
    changes = {"redirect_uri": str(sent["redirect_uri"])} if "redirect_uri" in sent else {}
    assert said(service.redeem(str(values["code"]), values["verifier"], **changes)) == fault
    assert service.redeem(code, asked.verifier).status == 200, "it was not used up"


def test_a_verifier_that_nobody_asked_for_is_named(app: Flask) -> None:
    service = a_relying_party(app, scope="openid", require_pkce=False)
    code, asked = granted(app, service, code_challenge=None, code_challenge_method=None)
    assert said(service.redeem(code, asked.verifier)) == grant_faults.NO_CHALLENGE


def test_a_used_an_old_and_a_revoked_code_are_told_apart(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scope="openid")
    code, asked = granted(app, service)
    assert service.redeem(code, asked.verifier).status == 200
    assert said(service.redeem(code, asked.verifier)) == grant_faults.USED_CODE
    code, asked = granted(app, service)
    revoke_everything(clock)
    assert said(service.redeem(code, asked.verifier)) == grant_faults.REVOKED
    code, asked = granted(app, service)
    clock.advance(grants.CODE_LIVES)
    assert said(service.redeem(code, asked.verifier)) == grant_faults.OLD_CODE


def test_nothing_is_said_of_another_service_s_code_or_token(app: Flask) -> None:
    service, other = a_relying_party(app, scope="openid offline_access"), a_relying_party(app, number=2)
    code, asked = granted(app, service, prompt="consent")
    assert said(other.redeem(code, asked.verifier)) == grant_faults.UNKNOWN_CODE
    token = service.redeem(code, asked.verifier).json["refresh_token"]
    assert said(refresh(other, token)) == grant_faults.UNKNOWN_TOKEN


def refresh(service: RelyingParty, token: str) -> Reply:
    return service.token({"grant_type": "refresh_token", "refresh_token": token})


def exchanged(service: RelyingParty, token: str, clock: ManualClock) -> None:
    assert refresh(service, token).status == 200
    clock.advance(grants.REUSE_GRACE)


def too_old(service: RelyingParty, token: str, clock: ManualClock) -> None:
    clock.advance(grants.REFRESH_TOKEN_LIVES)


def revoked(service: RelyingParty, token: str, clock: ManualClock) -> None:
    revoke_everything(clock)


def test_the_end_of_a_family_is_no_revocation(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scope="openid offline_access")
    code, asked = granted(app, service, prompt="consent")
    token = service.redeem(code, asked.verifier).json["refresh_token"]
    begun = clock.now()
    while clock.now() + timedelta(days=10) < begun + grants.FAMILY_LIVES:
        clock.advance(timedelta(days=10))
        token = refresh(service, token).json["refresh_token"]
    clock.moment = begun + grants.FAMILY_LIVES
    assert said(refresh(service, token)) == grant_faults.OLD_GRANT


@pytest.mark.parametrize(
    ("happens", "fault"),
    [
        (exchanged, grant_faults.USED_TOKEN),
        (too_old, grant_faults.OLD_TOKEN),
        (revoked, grant_faults.REVOKED),
    ],
)
def test_what_is_wrong_with_a_refresh_token_is_named(
    app: Flask, clock: ManualClock, happens: Callable[[RelyingParty, str, ManualClock], None], fault: str
) -> None:
    service = a_relying_party(app, scope="openid offline_access")
    code, asked = granted(app, service, prompt="consent")
    token = service.redeem(code, asked.verifier).json["refresh_token"]
    happens(service, token, clock)
    assert said(refresh(service, token)) == fault


def test_the_team_of_the_service_finds_the_words_in_the_console(app: Flask, clock: ManualClock) -> None:
    """Whatever is said is a sentence of ours: nothing of it is left out for repeating what was sent."""
    service = a_relying_party(app, scope="openid")
    code, asked = granted(app, service)
    clock.advance(timedelta(minutes=2))
    service.redeem(code, asked.verifier)
    service.redeem("z" * 43, asked.verifier)
    found = set(db.session.scalars(db.select(ClientError.description)))
    assert found == {grant_faults.OLD_CODE, grant_faults.UNKNOWN_CODE}
