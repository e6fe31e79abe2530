"""Links, languages, wording and what is vendored."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from jinja2 import UndefinedError

from identity_provider.kit import static_files
from identity_provider.kit.languages import current_language, speak
from identity_provider.kit.links import LinkExpired, LinkInvalid, read_link, sign_link
from identity_provider.kit.written import amid, redacted_email, written_date, written_moment, written_trn
from tests.kit.browser import AXE
from tests.kit.gallery import a_gallery
from tests.kit.page import Browser

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD_KEY, NEW_KEY = "an-old-key-that-is-long-enough-for-us", "a-newer-key-that-is-long-enough-for-us"


@pytest.fixture(scope="module")
def gallery() -> Flask:
    return a_gallery()


def with_keys(*keys: str) -> Flask:
    return a_gallery(secret_keys=keys)


def test_a_link_gives_back_what_was_put_into_it(gallery: Flask) -> None:
    with gallery.app_context():
        token = sign_link("resume", {"case": "42"}, until=NOW + HOUR)
        assert read_link("resume", token, now=NOW) == {"case": "42"}


def test_a_link_for_one_purpose_is_no_link_for_another(gallery: Flask) -> None:
    with gallery.app_context():
        token = sign_link("resume", {"case": "42"}, until=NOW + HOUR)
        with pytest.raises(LinkInvalid):
            read_link("unsubscribe", token, now=NOW)


def test_a_link_ends_at_its_moment_and_still_says_what_it_was_about(gallery: Flask) -> None:
    with gallery.app_context():
        token = sign_link("resume", {"case": "42"}, until=NOW + HOUR)
        with pytest.raises(LinkExpired) as expired:
            read_link("resume", token, now=NOW + HOUR)
        assert expired.value.content == {"case": "42"}


@pytest.mark.parametrize("broken", ["", "x", ".", "x.y", "\ud800", "é" * 50, "{}.", "bnVsbA.x"])
def test_a_link_that_is_not_ours_is_refused(gallery: Flask, broken: str) -> None:
    with gallery.app_context():
        token = sign_link("resume", {"case": "42"}, until=NOW + HOUR)
        for forged in (broken, token[:-2], token + "a", token.replace(".", "", 1)):
            with pytest.raises(LinkInvalid):
                read_link("resume", forged, now=NOW)


def test_a_link_signed_with_an_older_key_still_works_until_the_key_is_dropped() -> None:
    with with_keys(OLD_KEY).app_context():
        token = sign_link("resume", {"case": "42"}, until=NOW + HOUR)
    with with_keys(NEW_KEY, OLD_KEY).app_context():
        assert read_link("resume", token, now=NOW) == {"case": "42"}
        newer = sign_link("resume", {"case": "42"}, until=NOW + HOUR)
    with with_keys(NEW_KEY).app_context():
        assert read_link("resume", newer, now=NOW) == {"case": "42"}
        with pytest.raises(LinkInvalid):
            read_link("resume", token, now=NOW)


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "cy, en;q=0.5", "en"),  # Welsh is for those who ask for it until all of it is there
        ("", "fr, de", "en"),
        ("cy", "en", "cy"),
        ("fr cy-GB en", "", "cy"),
        ("en cy", "cy", "en"),
        ("<script>", "", "en"),
    ],
)
def test_the_language_is_the_services_choice_or_english(
    gallery: Flask, asked: str, accepted: str, language: str
) -> None:
    response = gallery.test_client().get(f"/cookies?ui_locales={asked}", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in response.text


def test_a_language_once_asked_for_stays(gallery: Flask) -> None:
    browser = Browser(gallery)
    browser.get("/cookies", ui_locales="cy")
    assert 'lang="cy"' in browser.get("/accessibility").response.text
    browser.get("/cookies", ui_locales="en")
    assert 'lang="en"' in browser.get("/accessibility").response.text


def test_what_the_service_of_a_journey_asks_for_counts_also_once_something_was_said(gallery: Flask) -> None:
    with gallery.test_request_context():
        assert current_language() == "en"
        speak("fr cy")
        assert current_language() == "cy"
        speak("")
        assert current_language() == "en"


def test_dates_are_written_as_gov_uk_writes_them(gallery: Flask) -> None:
    with gallery.test_request_context():
        assert written_date(date(1985, 3, 3)) == "3 March 1985"
        assert written_moment(datetime(2026, 7, 1, 13, 5, tzinfo=UTC)) == "1 July 2026 at 2:05pm"
    with gallery.test_request_context("/?ui_locales=cy"):
        assert written_date(date(1985, 3, 3)) == "3 Mawrth 1985"


def test_a_trn_keeps_its_zeros_and_an_address_only_hints() -> None:
    assert written_trn("0012345") == written_trn(12345) == "0012345"
    assert redacted_email("anna@example.org.uk") == "a****@e****.uk"
    assert redacted_email("") == "****@****."


def test_a_template_that_names_what_nobody_gave_is_an_error(gallery: Flask) -> None:
    with gallery.test_request_context(), pytest.raises(UndefinedError):
        render_template_string("{{ no_such_thing }}")


@pytest.mark.parametrize("service_name", ["<script>alert(1)</script>", '"><img src=x>', "O’Neill & Sons"])
def test_a_services_name_is_text_and_never_markup(gallery: Flask, service_name: str) -> None:
    with gallery.test_request_context():
        page = render_template_string(
            '{% extends "kit/layout.html" %}{% block content %}{% endblock %}', service_name=service_name
        )
    assert "<script>alert" not in page
    assert "<img" not in page


def test_the_brand_is_shown_only_where_it_was_asked_for() -> None:
    assert "GOV.UK" not in a_gallery().test_client().get("/").text
    assert "GOV.UK" in a_gallery(govuk_brand=True).test_client().get("/").text


@pytest.mark.parametrize("folder", [static_files.FOLDER, AXE.parent], ids=["govuk-frontend", "axe-core"])
def test_what_is_vendored_is_what_its_manifest_says(folder: Path) -> None:
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    assert (folder / manifest["licence_file"]).exists()
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_style_sheet_asks_for_no_font_and_no_picture() -> None:
    css = (static_files.FOLDER / "govuk-frontend.css").read_text(encoding="utf-8")
    assert "url(" not in css
    assert "@font-face" not in css
    assert "GDS Transport" not in css


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Email address", "email address"),
        ("Name", "name"),
        ("Teacher reference number (TRN)", "teacher reference number (TRN)"),
        ("National Insurance number", "National Insurance number"),
        ("Rhif Yswiriant Gwladol", "Rhif Yswiriant Gwladol"),
        ("Rhif cyfeirnod athro (TRN)", "rhif cyfeirnod athro (TRN)"),
        ("GOV.UK One Login", "GOV.UK One Login"),
        ("TRN", "TRN"),
        ("", ""),
    ],
)
def test_a_label_in_a_sentence_keeps_its_abbreviations_and_names(label: str, said: str) -> None:
    assert amid(label) == said
