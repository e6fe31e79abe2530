"""Every address that needs nothing but typing passes the page checks, whoever built it."""

from __future__ import annotations

from flask import Flask

from tests.kit.page import Browser


def test_every_page_without_parts_in_its_address_is_sound(app: Flask) -> None:
    visitor = Browser(app)
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            assert visitor.get(rule.rule).status < 500


def test_the_privacy_page_promises_what_the_deletion_keeps(app: Flask) -> None:
    text = Browser(app).get("/privacy").text
    for said in (
        "sign-ins that you did not finish: 7 days",
        "your history of sign-ins, with browsers and devices: 90 days",
        "an email address or mobile number that you have changed: 10 days",
        "evidence: 30 days after the decision, or 90 days if there is none",
        "who looked at it: at least 6 years",
        "your mobile number, if you give one",
        "your training and your work in schools",
    ):
        assert said in text, said
