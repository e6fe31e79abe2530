"""A person in one browser on their way through whole sign-ins, from the authorization request to the code."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from tests.journeys.travel import EMAIL, Traveller, newest_code
from tests.kit.page import Page
from tests.kit.relying_party import Asked, RelyingParty, SignedIn


class Person(Traveller):
    """Comes from a relying party by a real authorization request."""

    def __init__(self, app: Flask, email: str = EMAIL, secret: str = "p" * 43) -> None:
        super().__init__(app, secret)
        self.email = email

    def come_from(self, asked: Asked) -> Page:
        """The first page that the request leads to."""
        page = self.get(asked.path)
        if page.path.startswith("/sign-in/"):
            self.journey_id = UUID(page.path.split("/")[2])
        return page

    def sign_in(self) -> Page:
        """Prove the address, on the first page of a journey."""
        self.submit(email=self.email)
        return self.submit(code=newest_code(self.email))

    @property
    def sent_to(self) -> str:
        """Where the browser was sent, at the service."""
        assert self.here.location is not None, repr(self.here)
        return self.here.location


def signed_in_at(service: RelyingParty, person: Person, **parameters: str) -> SignedIn:
    """A whole sign-in in which the person allows what is asked."""
    asked = service.ask(**parameters)
    person.come_from(asked)
    person.sign_in()
    person.submit("Allow")
    return service.finish(person.sent_to, asked)
