"""A person in Chromium who answers whatever page they are on, from what they know of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.kit.browser import CheckedPage
from tests.kit.sandbox import RunningSandbox

MOST_PAGES = 25


class Visitor:
    """Walks from a sample service through the sign-in and back, one page after the other."""

    def __init__(self, page: CheckedPage, sandbox: RunningSandbox, email: str, says: dict[str, Any]) -> None:
        self.page = page
        self.sandbox = sandbox
        self.email = email
        self.says = says
        self.seen: list[str] = []
        self.codes = len(sandbox.codes(email))
        self.answers: dict[str, Callable[[], None]] = {
            "email": lambda: self.type(email=self.email),
            "code": self._enter_code,
            "name": lambda: self.type(first_name=says["first_name"], last_name=says["last_name"]),
            "previous-names": self._previous_names,
            "preferred-name": lambda: self.pick(choice="short"),
            "date-of-birth": self._date_of_birth,
            "national-insurance-number": lambda: self._number("nino"),
            "teacher-reference-number": lambda: self._number("trn"),
            "qualified-teacher-status": lambda: self.pick(has_qts="yes" if says.get("has_qts") else "no"),
            "where-you-trained": lambda: self.type(training_provider=""),
            "other-names": lambda: self.pick(other_names="no"),
            "teacher-training": lambda: self.pick(training="no"),
            "work-in-schools": lambda: self.pick(work="assistant"),
            "check-answers": lambda: None,
            "no-match": lambda: None,
        }

    @classmethod
    def known(cls, page: CheckedPage, sandbox: RunningSandbox, email: str) -> Visitor:
        """One of the people to try."""
        [person] = [each for each in sandbox.told["people"] if each["email"] == email]
        return cls(page, sandbox, email, person["states"])

    def begin(self, service: str = "npq") -> None:
        """Press the sample service's button."""
        self.page.goto(f"{self.sandbox.address('relying_service')}/{service}/")
        self.go_on("Sign in")

    @property
    def at_service(self) -> bool:
        return self.page.url.startswith(self.sandbox.address("relying_service"))

    @property
    def step(self) -> str:
        return self.page.path.rsplit("/", maxsplit=1)[-1]

    def walk(self, until: str = "") -> None:
        """Answer page after page until back at the service, or until the step of that name."""
        for _ in range(MOST_PAGES):
            if self.at_service or (until and self.step == until):
                return
            self.seen.append(self.step)
            if self.step not in self.answers:
                return
            self.answers[self.step]()
            self.go_on(*(["Continue without changing anything"] if self.step == "no-match" else []))
        raise AssertionError(f"still on the way after {self.seen}")

    def go_on(self, *names: str) -> None:
        """Press the page's main button."""
        if names:
            control = self.page.raw.get_by_role("button", name=names[0], exact=True)
            control = control.or_(self.page.raw.get_by_role("link", name=names[0], exact=True))
        else:
            control = self.page.raw.locator("main form button")
        with self.page.raw.expect_navigation(wait_until="load"):
            control.first.click()
        self.page.check()

    def type(self, **texts: str) -> None:
        for name, text in texts.items():
            self.page.raw.locator(f"main [name='{name}']").fill(text)

    def pick(self, **choices: str) -> None:
        for name, value in choices.items():
            self.page.raw.locator(f"main [name='{name}'][value='{value}']").check()

    def claims(self) -> dict[str, str]:
        """What the sample service shows of the person, by its name."""
        listed = self.page.raw.locator("main dl").first
        terms = listed.locator("dt code").all_inner_texts()
        return dict(zip(terms, listed.locator("dd").all_inner_texts(), strict=True))

    def _enter_code(self) -> None:
        self.type(code=self.sandbox.code_for(self.email, beyond=self.codes))
        self.codes = len(self.sandbox.codes(self.email))

    def _previous_names(self) -> None:
        previous = self.says.get("previous_last_names") or []
        self.pick(changed="yes" if previous else "no")
        if previous:
            self.type(previous_last_name=previous[0])

    def _date_of_birth(self) -> None:
        year, month, day = self.says["date_of_birth"].split("-")
        self.type(**{"date_of_birth-day": day, "date_of_birth-month": month, "date_of_birth-year": year})

    def _number(self, name: str) -> None:
        number = self.says.get(name)
        self.pick(has="yes" if number else "no")
        if number:
            self.type(number=number)
