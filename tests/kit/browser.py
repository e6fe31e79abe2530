"""Chromium for tests: where to find it, and a page that is checked after every navigation."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect
from werkzeug.serving import make_server

AXE = Path(__file__).parent / "axe" / "axe.min.js"
RESULTS = Path("test-results")
NOT_FOUND = "No Chromium was found (set CHROMIUM, or install chromium): the browser tests did not run"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLACES = (Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),)
_FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whether, and how soon, a name server of this machine knows a made-up service is not to matter.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
_ADDRESS_BAR = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
"""Pages of Chromium's own behind its address bar. In each new window they cost several times what our page does."""
_OF_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "msForceBrowserSignIn,msEdgeUpdateLaunchServicesPreferredVersion"
)
"""What Playwright switches off. Chromium obeys the last --disable-features only, so ours has to repeat them."""
_AXE_OPTIONS = {
    # The design system's own template leaves its skip link and back link outside of a landmark.
    "rules": {"region": {"enabled": False}},
    "resultTypes": ["violations"],
}


def find_chromium() -> str | None:
    """The browser of this machine; Playwright never downloads one."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return found or next((str(path) for path in _PLACES if path.exists()), None)


def launch_options(executable: str) -> dict[str, Any]:
    """How to start it: quietly, asking nothing of the network. Root cannot use Chromium's sandbox."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    unwanted = f"--disable-features={_OF_PLAYWRIGHT},{_ADDRESS_BAR}"
    return {"executable_path": executable, "args": [*_FLAGS, unwanted, *(["--no-sandbox"] if as_root else [])]}


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve the application on a port of this machine, and give its origin."""
    server = make_server("localhost", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class CheckedPage:
    """A page in Chromium. Whatever moves it to another page also checks that page.

    `raw` is Playwright's page, for what has no method here; call `check()` after using it to navigate.
    """

    def __init__(self, context: BrowserContext, *, scripts: bool = True) -> None:
        if scripts:
            # Chromium compiles a script of the context once, and one that is evaluated anew in each page.
            context.add_init_script(path=AXE)
        self.raw: Page = context.new_page()
        self.scripts = scripts
        self.complaints: list[str] = []
        self.raw.on("console", self._listen)
        self.raw.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))

    @property
    def url(self) -> str:
        """The whole address."""
        return self.raw.url

    @property
    def path(self) -> str:
        """The address without the site."""
        return urlsplit(self.raw.url).path

    @property
    def h1(self) -> str:
        """The page's heading."""
        return self.raw.locator("h1").inner_text().strip()

    @property
    def text(self) -> str:
        """What the page says, without header and footer."""
        return self.raw.locator("main").inner_text()

    def goto(self, url: str) -> None:
        """Type an address."""
        self.raw.goto(url)
        self.check()

    def fill(self, label: str, text: str) -> None:
        """Type into the box with this label."""
        self.raw.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str) -> None:
        """Choose the radio button or tick the box with this label."""
        self.raw.get_by_label(label, exact=True).check()

    def press(self, button: str) -> None:
        """Press a button that leads to another page."""
        self._navigate(self.raw.get_by_role("button", name=button, exact=True))

    def click(self, link: str) -> None:
        """Follow a link."""
        self._navigate(self.raw.get_by_role("link", name=link).first)

    def check(self) -> None:
        """Fail on what axe finds, on anything in the console, and on a page wider than its window."""
        self.raw.wait_for_load_state("load")
        found = list(self.complaints)
        self.complaints.clear()
        if self.scripts:
            found += self._accessibility_problems()
            if self.raw.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append("the page is wider than its window (WCAG 1.4.10)")
        assert not found, f"{self.path}: " + "; ".join(found)

    def shot(self, name: str) -> Path:
        """A picture of the whole page in test-results/."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.png"
        self.raw.screenshot(path=path, full_page=True)
        return path

    def _navigate(self, control: Locator) -> None:
        expect(control).to_be_visible()
        with self.raw.expect_navigation(wait_until="load"):
            control.click()
        self.check()

    def _accessibility_problems(self) -> list[str]:
        violations = self.raw.evaluate("options => axe.run(document, options).then(r => r.violations)", _AXE_OPTIONS)
        return [
            f"axe {each['id']}: {each['help']} ({', '.join(node['html'][:120] for node in each['nodes'][:3])})"
            for each in violations
        ]

    def _listen(self, message: ConsoleMessage) -> None:
        """Chromium also reports a page's own status, such as 422 for a form with errors, as an error."""
        is_own_status = message.text.startswith("Failed to load resource") and self._is_document(message)
        if message.type in {"error", "warning"} and not is_own_status:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _is_document(self, message: ConsoleMessage) -> bool:
        return "/static/" not in message.location.get("url", "")


PageMaker = Callable[..., CheckedPage]
