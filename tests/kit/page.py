"""A browser without JavaScript for tests, over Flask's test client; it checks every page that it fetches."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from tests.kit.html import HtmlForm, find_all, has_class, parse, words
from tests.kit.page_checks import header_problems, problems_of

CSRF = "csrf_token"
MOST_REDIRECTS = 10


class Page:
    """What a response showed. `location` is set when it sends the person to another site."""

    def __init__(self, response: TestResponse, resolves: Any) -> None:
        self.response = response
        self.status = response.status_code
        self.path = response.request.path
        self.query = dict(response.request.args)
        self.location = response.headers.get("Location")
        self.h1 = self.title = self.text = ""
        self.forms: list[HtmlForm] = []
        self.errors: list[str] = []
        self.links: dict[str, str] = {}
        headers = dict(response.headers)
        if response.mimetype == "text/html" and not self.location:
            self._read(response.text, headers, resolves)
        elif self.location:
            self._refuse(list(header_problems(headers)))

    def __repr__(self) -> str:
        return f"<{self.status} {self.path} {self.h1!r} errors={self.errors}>"

    def _read(self, html: str, headers: dict[str, str], resolves: Any) -> None:
        document = parse(html)
        self._refuse(problems_of(document, headers, resolves))
        self.h1 = words(next(iter(find_all(document, "h1")), None))
        self.title = words(next(iter(find_all(document, "title")), None))
        self.text = words(next(iter(find_all(document, "main")), None))
        self.forms = [HtmlForm.read(form) for form in find_all(document, "form")]
        self.links = {words(link): link.get("href", "") for link in find_all(document, "a")}
        summaries = [each for each in find_all(document, "div") if has_class(each, "govuk-error-summary")]
        self.errors = [words(item) for summary in summaries for item in find_all(summary, "li")]

    def _refuse(self, problems: list[str]) -> None:
        assert not problems, f"{self.path} ({self.status}): " + "; ".join(problems)

    def form(self, button: str | None = None) -> HtmlForm:
        """The page's main form: the one with the button when that is named, else the one with most to fill in."""
        forms = [form for form in self.forms if button is None or any(button == each[0] for each in form.buttons)]
        assert forms, f"{self!r} has no form" + (f" with a button {button!r}" if button else "")
        return max(forms, key=lambda form: (form.method == "post", len(form.names)))


class Browser:
    """One person's browser: it keeps cookies, follows redirects on our site, and stands on `page`."""

    def __init__(self, app: Flask, *, origin: str | None = None) -> None:
        self.app = app
        self.origin = origin or app.extensions["settings"].origin
        self.client: FlaskClient = app.test_client()
        self.page: Page | None = None
        self.visited: list[Page] = []

    def get(self, address: str, **query: str) -> Page:
        """Go to an address of ours."""
        return self._arrive("GET", address, query_string=query or None)

    def post(self, address: str, *, token: bool = True, **fields: Any) -> Page:
        """Send anything to an address, as no form might: with this browser's CSRF token unless `token=False`."""
        sent = _spread(fields)
        if token:
            sent = {CSRF: [self._csrf_token(address)], **sent}
        return self._arrive("POST", address, data=sent)

    def submit(self, button: str | None = None, **fields: Any) -> Page:
        """Fill in the page's form and press its (first, or the named) button. A date fills its three boxes."""
        page = self._standing()
        form = page.form(button)
        filled = _spread(fields)
        unknown = set(filled) - form.names
        assert not unknown, f"{page!r} does not ask for {sorted(unknown)}, only for {sorted(form.names - {CSRF})}"
        for name in set(filled) & set(form.offered):
            wrong = set(filled[name]) - set(form.offered[name])
            assert not wrong, f"{page!r} offers {form.offered[name]} for {name}, not {sorted(wrong)}"
        sent = {**form.values, **filled}
        pressed = next((each for each in form.buttons if button in (None, each[0])), None)
        if pressed and pressed[1]:
            sent[pressed[1]] = [pressed[2]]
        address = urljoin(self._address(), form.action) if form.action else self._address()
        if form.method == "get":
            return self._arrive("GET", urlsplit(address).path, query_string=sent)
        return self._arrive("POST", address, data=sent)

    def upload(self, **files: tuple[bytes, str]) -> Page:
        """Choose files (content and name) in the form that asks for them and press its first button."""
        page = self._standing()
        form = next(each for each in page.forms if set(files) <= each.names)
        pressed = form.buttons[0]
        sent: dict[str, Any] = {**form.values, **({pressed[1]: [pressed[2]]} if pressed[1] else {})}
        sent |= {name: (io.BytesIO(content), called) for name, (content, called) in files.items()}
        address = urljoin(self._address(), form.action) if form.action else self._address()
        return self._arrive("POST", address, data=sent, content_type="multipart/form-data")

    def click(self, text: str) -> Page:
        """Follow the link with this text (or the only one that begins with it)."""
        links = self._standing().links
        found = [links[text]] if text in links else [url for words_, url in links.items() if words_.startswith(text)]
        assert len(found) == 1, f"{self.page!r} has {len(found)} links {text!r}: {sorted(links)}"
        return self.get(urljoin(self._address(), found[0]))

    def follow(self) -> Page:
        """Go where the page sends us, when that is on our site."""
        location = self._standing().location
        assert location, f"{self.page!r} does not send anybody anywhere"
        return self.get(location)

    def _standing(self) -> Page:
        assert self.page is not None, "the browser has not been anywhere yet"
        return self.page

    def _address(self) -> str:
        request = self._standing().response.request
        return request.full_path.rstrip("?")

    def _csrf_token(self, address: str) -> str:
        # The last form's: the first may be for a one-time code, whose token is good for nothing else.
        for page in (self.page, None):
            for form in reversed((page or self.get(address)).forms):
                if CSRF in form.values:
                    return form.values[CSRF][0]
        return ""

    def _arrive(self, method: str, address: str, **sent: Any) -> Page:
        for _ in range(MOST_REDIRECTS):
            path = self._path_of(address)
            # A context of its own, as in a server: nothing that `g` or the session kept is seen by the next request.
            with self.app.app_context():
                response = self.client.open(path, method=method, base_url=self.origin, **sent)
            self.page = Page(response, self._resolves)
            self.visited.append(self.page)
            if not self.page.location or not self._is_ours(self.page.location):
                return self.page
            if response.status_code not in {307, 308}:
                method, sent = "GET", {}
            address = urljoin(path, self.page.location)
        raise AssertionError(f"redirected {MOST_REDIRECTS} times, lastly to {address}")

    def _path_of(self, address: str) -> str:
        assert self._is_ours(address), f"{address} is not on our site"
        parts = urlsplit(address)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    def _is_ours(self, address: str) -> bool:
        parts = urlsplit(address)
        return not parts.scheme or f"{parts.scheme}://{parts.netloc}" == self.origin

    def _resolves(self, path: str, method: str) -> bool:
        try:
            self.app.url_map.bind("localhost").match(path, method=method)
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        return True


def _spread(fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Field values as lists of texts; a date as its three boxes; a file, as (stream, name), as it is."""
    sent: dict[str, list[Any]] = {}
    for name, value in fields.items():
        if isinstance(value, date):
            sent |= {f"{name}-{part}": [str(getattr(value, part))] for part in ("day", "month", "year")}
        elif isinstance(value, tuple):
            sent[name] = [value]
        else:
            sent[name] = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return sent
