"""Every page of the tour in Chromium: axe finds nothing on a desk or a phone, and nothing is wider than its window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from flask import Flask
from playwright.sync_api import Route

from tests.kit.browser import PageMaker, serving
from tests.kit.page import Page
from tests.tour.guide import Stop, World, walk
from tests.tour.stops import EVERY_STOP

NOT_OF_THE_PAGE = {"content-length", "connection", "transfer-encoding", "set-cookie"}


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as origin:
        yield origin


@pytest.mark.parametrize("stop", EVERY_STOP, ids=lambda stop: stop.name)
def test_axe_finds_nothing_on_any_page_of_the_tour(app: Flask, site: str, stop: Stop, open_page: PageMaker) -> None:
    """The page is shown as the application answered, with its headers; what it loads comes from the running site."""
    chromium = open_page()
    # Some forms send themselves, which would lead away from the page.
    chromium.raw.route("**/send-form.js", lambda route: route.fulfill(body=""))
    for number, shown in enumerate(different(stop, walk(stop, app))):
        address = f"{site}/shown-{number}{shown.path}"
        chromium.raw.route(address, partial(answer, shown))
        chromium.raw.set_viewport_size({"width": 1280, "height": 900})
        chromium.goto(address)
        assert chromium.h1 == shown.h1
        chromium.raw.set_viewport_size({"width": 320, "height": 900})
        chromium.check()


def answer(page: Page, route: Route) -> None:
    """What the application answered; cookies stay with the walk."""
    kept = {name: value for name, value in page.response.headers.items() if name.lower() not in NOT_OF_THE_PAGE}
    # Some pages lead on by themselves, which would be the end of looking at them.
    body = page.response.text.replace('http-equiv="refresh"', 'name="refresh"')
    route.fulfill(status=page.status, body=body, headers=kept)


def different(stop: Stop, world: World) -> list[Page]:
    """The last page of each promised template, status and heading: others differ in single words only."""
    promised = ((template, page) for template, page in world.pages() if template in stop.templates)
    return list({(template, page.status, page.h1, bool(page.errors)): page for template, page in promised}.values())
