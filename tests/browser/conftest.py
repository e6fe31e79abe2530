"""Chromium for the tests of this folder; without one they are skipped, loudly.

Playwright holds an event loop for as long as it runs, so it lives for this folder only and not for the whole run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.kit.browser import NOT_FOUND, CheckedPage, PageMaker, find_chromium, launch_options

_HERE = Path(__file__).parent
PATIENCE = 120_000
"""Milliseconds for whatever a page is waited for: a busy machine is no failure, and what never comes ends the test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here drives a browser."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("browser")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where it cannot be missed."""
    if find_chromium() is None:
        terminalreporter.section("browser tests", sep="!", red=True, bold=True)
        terminalreporter.line(NOT_FOUND)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip(NOT_FOUND)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(**launch_options(executable), timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[PageMaker]:
    """Make a browser of somebody's own: `open_page()`, `open_page(scripts=False)`, `open_page(width=320)`."""
    made: list[CheckedPage] = []

    def make(*, scripts: bool = True, width: int = 1280) -> CheckedPage:
        context = chromium.new_context(
            java_script_enabled=scripts,
            viewport={"width": width, "height": 900},
            locale="en-GB",
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE)
        made.append(CheckedPage(context, scripts=scripts))
        return made[-1]

    failures = request.session.testsfailed
    yield make
    for number, page in enumerate(made):
        if request.session.testsfailed > failures:
            page.shot(f"failed-{request.node.name}-{number}")
        page.raw.context.close()


@pytest.fixture
def page(open_page: PageMaker) -> CheckedPage:
    """A browser on a desk."""
    return open_page()


@pytest.fixture
def page_without_scripts(open_page: PageMaker) -> CheckedPage:
    """A browser that runs no JavaScript."""
    return open_page(scripts=False)


@pytest.fixture
def narrow_page(open_page: PageMaker) -> CheckedPage:
    """A small phone, which is also a desk at 400 % zoom (WCAG 1.4.10)."""
    return open_page(width=320)
