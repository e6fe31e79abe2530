"""The page for whoever sends a code again that was accepted a moment ago (services/second_clicks)."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.kit.requests import visitor
from identity_provider.models import CodeChallenge
from identity_provider.services import code_limits, second_clicks
from identity_provider.services.code_limits import Door


def offer(passed: CodeChallenge, typed: str, carry_on_url: str, *, counted: bool) -> ResponseReturnValue | None:
    """The page that leads on by a button, for the very code that was accepted; None for any other.

    The try is counted as a guess, unless it was `counted` before. Raises RateLimited.
    """
    now = ports().clock.now()
    if not counted:
        with transaction():
            code_limits.count_guess(Door.PERSON, passed.address, visitor(), now=now)
    with transaction():
        proof = second_clicks.proof(passed, typed, now=now)
        if proof:
            code_limits.forgive_guess(Door.PERSON, passed.address, visitor(), now=now)
    if not proof:
        return None
    return render_template("kit/code_used.html", proof=proof, carry_on_url=carry_on_url), 409
