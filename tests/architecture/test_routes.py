"""Every route says whom it is for; every change through a form is guarded, or says why not."""

from __future__ import annotations

from flask import Flask

from identity_provider.kit.access import Audience
from tests.architecture.routes import SNAPSHOT, describe


def test_every_route_declares_who_may_enter(app: Flask) -> None:
    undeclared = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not isinstance(getattr(app.view_functions[rule.endpoint], "audience", None), Audience)
    ]
    assert undeclared == []


def test_the_routes_are_the_ones_that_were_reviewed(app: Flask) -> None:
    """Accept a new route, audience or exemption with `python -m tests.architecture.routes`."""
    assert describe(app) == SNAPSHOT.read_text(encoding="utf-8").splitlines()
