"""The keys that sign: made once, published first, rotated without a restart (case 56 of oidc.md)."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.models import KeyState, SigningKey
from identity_provider.oidc.keys import KeyRing, key_ring
from identity_provider.services import changes, signing_keys
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.kit.keys import no_keys
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

__all__ = ["no_keys"]

pytestmark = pytest.mark.usefixtures("no_keys")


def rotate(clock: ManualClock) -> None:
    with transaction():
        signing_keys.rotate("RS256", actor=SYSTEM, now=clock.now())
    key_ring().forget()


def states() -> list[str]:
    return [row.state.value for row in db.session.scalars(db.select(SigningKey).order_by(SigningKey.created_at))]


def published(app: Flask) -> list[dict[str, Any]]:
    answer = app.test_client().get("/.well-known/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    keys: list[dict[str, Any]] = json.loads(answer.text)["keys"]
    return keys


def an_id_token(app: Flask, service: RelyingParty, trn: str) -> str:
    asked = service.ask()
    code = service.code_in(a_browser_of(app, a_user(trn=trn)).get(asked.path).location, asked)
    return str(service.redeem(code, asked.verifier).json["id_token"])


def test_the_first_keys_are_made_on_first_need_with_a_successor(app: Flask) -> None:
    keys = published(app)
    assert sorted(states()) == ["active", "pending"]
    assert len({key["kid"] for key in keys}) == 2


def test_56_only_public_parts_are_published(app: Flask) -> None:
    """Case 56: unique kids, no secrets."""
    a_relying_party(app, id_token_algorithm="ES256")
    with transaction():
        for algorithm in signing_keys.ALGORITHMS:
            signing_keys.ensure(algorithm, now=app.extensions["ports"].clock.now())
    key_ring().forget()
    keys = published(app)
    assert len({key["kid"] for key in keys}) == len(keys) == 8
    for key in keys:
        assert {"d", "p", "q", "dp", "dq", "qi", "k"}.isdisjoint(key)
        assert key["use"] == "sig"
        assert key["kty"] in {"RSA", "EC", "OKP"}


def test_the_private_half_is_sealed(app: Flask) -> None:
    published(app)
    for row in db.session.scalars(db.select(SigningKey)):
        assert row.private_sealed is not None
        assert b"kty" not in row.private_sealed


def test_56_a_rotated_key_signs_from_now_on_and_the_old_one_still_verifies(app: Flask, clock: ManualClock) -> None:
    """Case 56: the successor was published before it signed."""
    service = a_relying_party(app)
    known_before = {key["kid"] for key in published(app)}
    old = an_id_token(app, service, "1234567")
    rotate(clock)
    new = an_id_token(app, service, "7654321")
    kids = [jwt.decode(token, service.keys(), algorithms=["RS256"]).header["kid"] for token in (old, new)]
    assert len(set(kids)) == 2
    assert set(kids) == known_before
    assert sorted(states()) == ["active", "pending", "retired"]


def test_56_a_removed_key_verifies_nothing_and_has_no_private_half(app: Flask, clock: ManualClock) -> None:
    """Case 56: after a day nothing that it signed is alive."""
    service = a_relying_party(app)
    old = an_id_token(app, service, "1234567")
    rotate(clock)
    clock.advance(signing_keys.RETIRED_FOR)
    with transaction():
        assert signing_keys.remove_retired(now=clock.now()) == 1
    key_ring().forget()
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(old, KeySet.import_key_set({"keys": published(app)}), algorithms=["RS256"])
    assert key_ring().claims_of(old) is None
    removed = db.session.scalars(db.select(SigningKey).where(SigningKey.state == KeyState.REMOVED)).one()
    assert removed.private_sealed is None
    with pytest.raises(IllegalMove):
        removed.move_on(clock.now())


def test_another_process_notices_a_rotation_by_itself(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hears of it from the database, not from the code that rotates."""
    monkeypatch.setattr(changes, "note_everywhere", lambda *_: None)
    other = KeyRing()
    assert changes.changes().listening.wait(120)
    before = other.sign({}, "RS256", now=clock.now()).split(".")[0]
    assert other.sign({}, "RS256", now=clock.now()).split(".")[0] == before
    rotate(clock)
    until = time.monotonic() + 120
    while other.sign({}, "RS256", now=clock.now()).split(".")[0] == before:
        assert time.monotonic() < until, "the old key is still used"
        time.sleep(0.02)


def test_many_processes_that_need_the_first_key_at_once_make_one(app: Flask, clock: ManualClock) -> None:
    def first_need(_: int) -> str:
        with app.app_context(), transaction():
            return signing_keys.ensure("ES256", now=clock.now()).kid

    with ThreadPoolExecutor(8) as pool:
        kids = set(pool.map(first_need, range(8)))
    assert len(kids) == 1
    assert sorted(states()) == ["active", "pending"]


def test_a_token_is_verified_by_the_algorithm_of_its_key_only(app: Flask, clock: ManualClock) -> None:
    """RFC 8725 3.1: an HMAC over our public key, or another algorithm with the same key, is no signature of ours."""
    ring = key_ring()
    ring.ensure_default(clock.now())
    header, _, signature = ring.sign({"sub": "a"}, "RS256", now=clock.now()).split(".")
    assert ring.claims_of(f"{header}.eyJzdWIiOiJiIn0.{signature}") is None
    assert ring.claims_of("eyJhbGciOiJub25lIn0.eyJzdWIiOiJiIn0.") is None


def test_the_commands_list_and_rotate(app: Flask, clock: ManualClock) -> None:
    runner = app.test_cli_runner()
    first = json.loads(runner.invoke(args=["keys", "rotate"]).stdout)
    clock.advance(timedelta(days=2))
    second = json.loads(runner.invoke(args=["keys", "rotate"]).stdout)
    assert second[0]["retired"] == first[0]["active"]
    assert second[0]["active"] == first[0]["pending"]
    listed = json.loads(runner.invoke(args=["keys", "list"]).stdout)
    assert [each["state"] for each in listed] == ["retired", "active", "pending"]
    assert "private" not in json.dumps(listed)
