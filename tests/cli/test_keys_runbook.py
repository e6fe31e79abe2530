"""docs/keys.md, walked as an operator walks it: every command, in the order of the page."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import AuditEvent
from identity_provider.oidc.keys import key_ring
from identity_provider.services import signing_keys
from tests.builders import a_user
from tests.kit.keys import no_keys
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

__all__ = ["no_keys"]

pytestmark = pytest.mark.usefixtures("no_keys")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "keys.md"


def commands(heading: str) -> list[str]:
    """The commands under a heading of the page."""
    section = re.split(r"\n##+ ", PAGE.read_text(encoding="utf-8").split(f"# {heading}\n")[1])[0]
    return [line.strip() for line in section.splitlines() if line.startswith("       flask --app wsgi ")]


def run(app: Flask, command: str) -> Result:
    result = app.test_cli_runner().invoke(args=shlex.split(command.removeprefix("flask --app wsgi ")))
    assert result.exit_code == 0, result.output
    key_ring().forget()  # other processes look every three seconds
    return result


def states(listed: Result) -> Counter[str]:
    keys: list[dict[str, Any]] = json.loads(listed.stdout)
    return Counter(each["state"] for each in keys if each["algorithm"] == "RS256")


def published(app: Flask) -> set[str]:
    return {each["kid"] for each in app.test_client().get("/.well-known/jwks").get_json()["keys"]}


def kid_of_a_new_token(app: Flask, service: RelyingParty) -> str:
    asked = service.ask()
    browser = a_browser_of(app, a_user(), now=app.extensions["ports"].clock.now())
    signed_in = service.finish(browser.get(asked.path).location, asked)
    return str(json.loads(_decoded(signed_in.token["id_token"].split(".")[0]))["kid"])


def _decoded(part: str) -> str:
    return base64.urlsafe_b64decode(part + "==").decode()


def test_the_yearly_rotation_disturbs_nobody(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scope="openid")
    first = kid_of_a_new_token(app, service)
    clock.advance(timedelta(days=300))
    look, rotate, look_again = commands("Once a year")
    assert states(run(app, look)) == {"active": 1, "pending": 1}
    rotated = run(app, rotate)
    assert "warning" not in rotated.stderr
    assert states(run(app, look_again)) == {"active": 1, "pending": 1, "retired": 1}
    assert len(published(app)) == 3
    second = kid_of_a_new_token(app, service)
    assert second != first
    assert {first, second} <= published(app)
    clock.advance(timedelta(hours=24))
    with transaction():
        signing_keys.remove_retired(now=clock.now())
    key_ring().forget()
    assert first not in published(app)
    assert db.session.query(AuditEvent).filter_by(action="rotate_signing_key").count() == 1


def test_after_a_leak_neither_the_key_nor_the_one_beside_it_signs(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scope="openid")
    leaked = kid_of_a_new_token(app, service)
    beside = published(app) - {leaked}
    once, twice, one_algorithm = commands("A private key may have leaked")
    clock.advance(timedelta(days=2))
    run(app, once)
    assert "warning" in run(app, twice).stderr
    assert kid_of_a_new_token(app, service) not in {leaked, *beside}
    run(app, one_algorithm)


def test_a_client_s_secret_is_dead_after_two_rotations(app: Flask) -> None:
    service = a_relying_party(app, id="my-service")
    first = service.secret
    [rotate] = commands("Clients' secrets")
    for _ in range(2):
        service.secret = json.loads(run(app, rotate).stdout)["client_secret"]
    form = {"grant_type": "refresh_token", "refresh_token": "none"}
    assert service.token(form).json["error"] == "invalid_grant"
    service.secret = first
    assert service.token(form).json["error"] == "invalid_client"
