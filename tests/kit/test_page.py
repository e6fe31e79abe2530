"""The page-checking browser finds what it is there to find."""

from __future__ import annotations

from datetime import date

import pytest
from html5lib.html5parser import ParseError

from tests.kit.gallery import a_gallery
from tests.kit.html import parse
from tests.kit.page import Browser
from tests.kit.page_checks import problems_of

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; form-action 'self' https://a.example; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def problems(body: str, title: str = "Hello", headers: dict[str, str] | None = None) -> list[str]:
    html = f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>{body}</body></html>'
    return problems_of(parse(html), HEADERS if headers is None else headers, lambda path, _method: path == "/known")


def test_a_good_page_has_no_problems() -> None:
    body = '<h1>Hello</h1><form action="/known"><label for="a">A</label><input id="a" name="a"></form>'
    assert problems(body) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<p>no heading</p>", "0 h1"),
        ("<h1>Hello</h1><h1>Hello</h1>", "2 h1"),
        ("<h1>Another</h1>", "does not start with"),
        ('<h1>Hello</h1><div class="govuk-error-summary"></div>', "whether there are errors"),
        ('<h1 id="a">Hello</h1><p id="a"></p>', "used 2 times"),
        ('<h1 aria-describedby="b">Hello</h1>', "does not have"),
        ('<h1>Hello</h1><input name="x">', "no label"),
        ("<h1>Hello</h1><button></button>", "no words"),
        ('<h1>Hello</h1><a href="#gone">x</a>', "leads to #gone"),
        ('<h1>Hello</h1><a href="/gone">x</a>', "leads nowhere"),
        ('<h1>Hello</h1><form action="/gone"></form>', "leads nowhere"),
        ('<h1>Hello</h1><form action="https://b.example/x"></form>', "not allowed by form-action"),
        ("<h1>Hello</h1><script>alert(1)</script>", "inline <script>"),
        ('<h1 onclick="x">Hello</h1>', "is code"),
        ('<h1 style="color: red">Hello</h1>', "is code"),
        ("<h1>Hello</h1><p>None</p>", "left over"),
        ("<h1>Hello</h1><p>{{ name }}</p>", "left over"),
        ("<h1>Hello</h1><p>Hello %(name)s</p>", "left over"),
        ("<h1>Hello</h1><p>&amp;amp;</p>", "left over"),
    ],
)
def test_a_bad_page_is_told_what_is_wrong(body: str, complaint: str) -> None:
    assert complaint in " | ".join(problems(body))


def test_a_word_of_the_machine_may_be_quoted_as_code() -> None:
    assert problems("<h1>Hello</h1><code>None</code>") == []


def test_a_form_may_lead_to_an_origin_that_the_policy_names() -> None:
    assert problems('<h1>Hello</h1><form action="https://a.example/callback"></form>') == []


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_page_without_one_of_the_headers_is_refused(name: str) -> None:
    assert problems("<h1>Hello</h1>", headers={key: text for key, text in HEADERS.items() if key != name})


def test_invalid_html_is_refused() -> None:
    with pytest.raises(ParseError):
        problems("<h1>Hello</h1></section>")


def test_a_form_keeps_what_the_page_filled_in_and_follows_the_redirect() -> None:
    browser = Browser(a_gallery())
    browser.get("/email")
    page = browser.submit("Continue", email="Someone@Example.com")
    assert (page.status, page.path, page.h1) == (200, "/done", "Request sent")
    assert "Your email address was saved" in page.text
    assert [each.status for each in browser.visited] == [200, 303, 200]


def test_a_form_does_not_take_what_it_does_not_ask_for() -> None:
    browser = Browser(a_gallery())
    browser.get("/email")
    with pytest.raises(AssertionError, match="does not ask for"):
        browser.submit(name="x")


def test_a_radio_takes_only_what_it_offers() -> None:
    browser = Browser(a_gallery())
    browser.get("/everything")
    with pytest.raises(AssertionError, match="offers"):
        browser.submit("Continue", changed="perhaps")


def test_a_date_fills_its_three_boxes() -> None:
    browser = Browser(a_gallery())
    browser.get("/everything")
    page = browser.submit("Continue", date_of_birth=date(1985, 3, 27), changed="no", provider="1")
    assert page.errors == ["Enter your email address", "Enter the code", "Enter your first name"]
    assert page.form("Continue").values["date_of_birth-month"] == ["3"]


def test_a_link_is_followed_by_its_words() -> None:
    browser = Browser(a_gallery())
    browser.get("/everything")
    assert browser.click("Back").path == "/email"
    assert browser.click("Accessibility").path == "/accessibility"


def test_anything_may_be_posted_with_the_browsers_token_or_without() -> None:
    browser = Browser(a_gallery())
    assert browser.post("/email", email="someone@example.com").path == "/done"
    assert browser.post("/email", token=False, email="someone@example.com").status == 400
