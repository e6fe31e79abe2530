"""Every address that needs nothing but typing passes the page checks, whoever built it."""

from __future__ import annotations

from flask import Flask

from tests.kit.page import Browser


def test_every_page_without_parts_in_its_address_is_sound(app: Flask) -> None:
    visitor = Browser(app)
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            assert visitor.get(rule.rule).status < 500
