"""The browser that the other tests drive is set up as they expect."""

from __future__ import annotations

import re

from tests.kit.browser import PageMaker


def test_nothing_that_playwright_switches_off_is_on_again(open_page: PageMaker) -> None:
    """Chromium obeys the last --disable-features alone: it must hold all that the ones before it say."""
    page = open_page().raw
    page.goto("chrome://version")
    told = re.findall(r"--disable-features=(\S+)", page.locator("#command_line").inner_text())
    *before, obeyed = [set(each.split(",")) for each in told]
    assert before, "Playwright's own switch is gone: say in tests/kit/browser.py only what is ours"
    assert set().union(*before) <= obeyed


def test_a_window_has_no_pages_but_ours(open_page: PageMaker) -> None:
    """The pages behind the address bar are off: they took longer than all that is tested."""
    browser = open_page().raw.context.browser
    assert browser is not None
    there = browser.new_browser_cdp_session().send("Target.getTargets", {"filter": [{}]})["targetInfos"]
    assert {each["url"] for each in there if each["type"] == "browser_ui"} == set()
