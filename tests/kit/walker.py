"""A person in a browser without any script: real HTTP, real forms, cookies, and the code from the mailbox."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import requests

from tests.kit.html import HtmlForm, find_all, parse, words
from tests.kit.sandbox import RunningSandbox

MOST_STEPS = 12


class Walker:
    """One browser. `at` is where it stands; answers of any site are kept as they came in `answer`."""

    def __init__(self, sandbox: RunningSandbox, ca_file: str | bool = True) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.verify = ca_file
        self.session.trust_env = False  # the machine's own bundle and proxies are not this browser's
        self.answer = requests.Response()
        self.visited: list[str] = []

    @property
    def at(self) -> str:
        return self.answer.url

    @property
    def h1(self) -> str:
        return words(next(iter(find_all(parse(self.answer.text), "h1")), None))

    def get(self, address: str, *, stop_at: str = "") -> requests.Response:
        """Go to an address and wherever it leads; not on to one that begins with `stop_at`."""
        return self._go("GET", address, {}, stop_at)

    def submit(self, *, stop_at: str = "", **fields: str) -> requests.Response:
        """Fill in the form with most to fill in, and press its button."""
        forms = [HtmlForm.read(each) for each in find_all(parse(self.answer.text), "form")]
        form = max(forms, key=lambda each: (each.method == "post", len(each.names)))
        unknown = fields.keys() - form.names
        assert not unknown, f"{self.at} does not ask for {sorted(unknown)}"
        filled = {name: values[0] for name, values in form.values.items()} | fields
        return self._go("POST" if form.method == "post" else "GET", urljoin(self.at, form.action), filled, stop_at)

    def sign_in(self, email: str, *, stop_at: str = "") -> requests.Response:
        """Enter the address and the code that is sent to it: all that a person who is known is asked for."""
        codes = len(self.sandbox.codes(email))
        self.submit(email=email)
        return self.submit(stop_at=stop_at, code=self.sandbox.code_for(email, beyond=codes))

    def _go(self, method: str, address: str, fields: dict[str, str], stop_at: str) -> requests.Response:
        for _ in range(MOST_STEPS):
            self.visited.append(urlsplit(address).path)
            sent = {"params" if method == "GET" else "data": fields or None}
            self.answer = self.session.request(method, address, allow_redirects=False, timeout=120, **sent)  # type: ignore[arg-type]  # the keyword is one of two
            if not self.answer.is_redirect:
                return self.answer
            address, method, fields = urljoin(address, self.answer.headers["Location"]), "GET", {}
            if stop_at and address.startswith(stop_at):
                return self.answer
        raise AssertionError(f"sent on and on: {self.visited}")
