"""The kit's parts in a real browser: accessible, within their policy, and whole without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.browser import CheckedPage, serving
from tests.kit.gallery import a_gallery

EVERY_PAGE = ("/everything", "/email", "/done", "/support", "/", "/cookies", "/privacy", "/accessibility", "/contact",
              "/fails/404", "/fails/503")  # fmt: skip


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    with serving(a_gallery()) as origin:
        yield origin


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_page_passes_axe_on_a_desk_and_on_a_phone(
    gallery: str, page: CheckedPage, narrow_page: CheckedPage, path: str
) -> None:
    for each, size in ((page, "desk"), (narrow_page, "phone")):
        each.goto(gallery + path)
        each.shot(f"kit-{path.strip('/').replace('/', '-') or 'home'}-{size}")


def test_the_error_summary_takes_the_focus_and_leads_to_the_wrong_box(gallery: str, page: CheckedPage) -> None:
    page.goto(gallery + "/everything")
    page.fill("Day", "31")
    page.fill("Month", "13")
    page.fill("Year", "1985")
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    assert page.raw.evaluate("document.activeElement.className") == "govuk-error-summary"
    page.raw.get_by_role("link", name="Month must be").click()
    assert page.raw.evaluate("document.activeElement.id") == "date_of_birth-month"
    page.shot("kit-everything-errors")


def test_the_error_summary_takes_the_focus_also_after_the_skip_link(gallery: str, page: CheckedPage) -> None:
    page.goto(gallery + "/email")
    page.raw.keyboard.press("Tab")
    page.raw.keyboard.press("Enter")
    assert page.raw.url.endswith("#main-content")
    page.press("Continue")
    page.raw.wait_for_load_state("load")
    assert page.raw.title().startswith("Error: ")
    assert "#" not in page.raw.url
    page.raw.wait_for_timeout(200)  # the browser scrolls to a fragment after the page's scripts have run
    assert page.raw.evaluate("document.activeElement.className") == "govuk-error-summary"


def test_an_answer_that_asks_for_more_reveals_it(gallery: str, page: CheckedPage) -> None:
    page.goto(gallery + "/everything")
    previous = page.raw.get_by_label("Previous last name")
    assert not previous.is_visible()
    page.choose("Yes")
    assert previous.is_visible()
    page.check()


def test_without_scripts_everything_still_works(gallery: str, page_without_scripts: CheckedPage) -> None:
    page = page_without_scripts
    page.goto(gallery + "/everything")
    page.choose("Yes")
    assert page.raw.get_by_label("Previous last name").is_visible()
    page.goto(gallery + "/email")
    page.fill("Your email address", "someone@example.com")
    page.press("Continue")
    assert page.h1 == "Request sent"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A relying service's site: the same words on an origin of its own."""
    with serving(a_gallery()) as origin:
        yield origin


def test_a_form_may_end_at_the_site_that_the_page_names(gallery: str, elsewhere: str, page: CheckedPage) -> None:
    page.goto(f"{gallery}/leave?allowed=yes&to={elsewhere}/done")
    page.press("Continue")
    assert page.url == f"{elsewhere}/done"


def test_a_form_may_not_end_at_any_other_site(gallery: str, elsewhere: str, page: CheckedPage) -> None:
    page.goto(f"{gallery}/leave?to={elsewhere}/done")
    with page.raw.expect_event("console", lambda message: "form-action" in message.text):
        page.raw.get_by_role("button", name="Continue").click()
    assert page.url.startswith(f"{gallery}/leave")
    with pytest.raises(AssertionError, match="form-action"):
        page.check()


def test_a_person_is_warned_before_the_time_runs_out(gallery: str, page: CheckedPage) -> None:
    page.goto(gallery + "/email")
    assert page.raw.get_by_role("alert").filter(has_text="You will be timed out soon").is_visible()
    page.click("Stay on this page for longer")


def test_a_welsh_browser_is_told_the_language_of_the_page(gallery: str, page: CheckedPage) -> None:
    page.goto(gallery + "/cookies?ui_locales=cy")
    assert page.raw.locator("html").get_attribute("lang") == "cy"
    page.goto(gallery + "/privacy")
    assert page.raw.locator("html").get_attribute("lang") == "cy"
