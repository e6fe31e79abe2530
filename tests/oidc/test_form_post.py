"""Form Post Response Mode: the code travels in a body, with a button where scripts do not run."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from tests.builders import a_user
from tests.kit.provider import CALLBACK, a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def fields_of(page: TestResponse) -> dict[str, str]:
    assert page.status_code == 200
    assert f'<form method="post" action="{CALLBACK}"' in page.text
    assert "<button" in page.text
    return {name: unescape(value) for name, value in HIDDEN.findall(page.text)}


def test_the_code_comes_in_a_form_with_state_and_issuer(app: Flask) -> None:
    service = a_relying_party(app)
    asked = service.ask(response_mode="form_post")
    fields = fields_of(a_browser_of(app, a_user(trn="1234567")).get(asked.path))
    assert fields.keys() == {"code", "state", "iss"}
    assert fields["state"] == asked.state
    assert service.redeem(fields["code"], asked.verifier).status == 200


def test_an_error_comes_in_a_form_too(app: Flask) -> None:
    service: RelyingParty = a_relying_party(app)
    asked = service.ask(response_mode="form_post", prompt="none")
    fields = fields_of(app.test_client().get(asked.path))
    assert (fields["error"], fields["state"]) == ("login_required", asked.state)
