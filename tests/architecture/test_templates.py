"""Every page template is on the tour that axe and the pseudo-locale walk: a new page can not be forgotten."""

from __future__ import annotations

from pathlib import Path

import identity_provider
import support_console
from tests.tour.stops import EVERY_STOP

FRAMES = {
    "kit/base.html",
    "kit/layout.html",
    "kit/account.html",
    "kit/console_layout.html",
    "kit/components.html",
    "support/page.html",
}
"""What pages are built on: never shown by itself. Parts of pages begin with an underscore."""


def page_templates() -> set[str]:
    """Every template in the tree that is a page; the sandbox is the outside world, and has its own tests."""
    packages = (Path(identity_provider.__file__).parent, Path(support_console.__file__).parent)
    files = [path for package in packages for path in package.glob("**/templates/**/*.html")]
    names = {path.as_posix().split("/templates/", 1)[1]: path for path in files if "sandbox" not in path.parts}
    return {name for name, path in names.items() if not path.name.startswith("_")} - FRAMES


def test_every_page_template_is_on_the_tour() -> None:
    """Add a stop for a new page in tests/tour; there are no exceptions."""
    shown = {template for stop in EVERY_STOP for template in stop.templates}
    assert sorted(page_templates() - shown) == []


def test_the_tour_promises_no_page_that_is_gone() -> None:
    shown = {template for stop in EVERY_STOP for template in stop.templates}
    assert sorted(shown - page_templates()) == []
