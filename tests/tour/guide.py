"""The guide of the tour: stops that say which page templates they show, and the world that they are reached in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, template_rendered
from jinja2 import Template

from config.settings import Settings
from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.requests import request_id
from identity_provider.models import User
from identity_provider.ports import Ports, ServiceCaller
from identity_provider.services import browser_sessions
from identity_provider.services.rate_limits import Limit, count
from tests.console.agents import Agent
from tests.journeys.travel import Traveller
from tests.kit.page import Browser, Page

SomeBrowser = TypeVar("SomeBrowser", bound=Browser)


@dataclass
class World:
    """Where a stop happens: one application, whose every page is noted with the template that it was made from."""

    app: Flask
    language: str = ""
    browsers: list[Browser] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)

    @property
    def register(self) -> MemoryRegister:
        register = self._ports.register
        assert isinstance(register, MemoryRegister)
        return register

    @property
    def changes(self) -> MemoryChanges:
        changes = self._ports.changes
        assert isinstance(changes, MemoryChanges)
        return changes

    @property
    def clock(self) -> ManualClock:
        clock = self._ports.clock
        assert isinstance(clock, ManualClock)
        return clock

    @property
    def services(self) -> ServiceCaller:
        return self._ports.services

    @property
    def _ports(self) -> Ports:
        ports: Ports = self.app.extensions["ports"]
        return ports

    def visitor(self) -> Browser:
        """Somebody whom nobody knows."""
        return self._with_language(Browser(self.app))

    def traveller(self, secret: str = "b" * 43) -> Traveller:
        """Somebody on their way through a sign-in."""
        return self._with_language(Traveller(self.app, secret))

    def person(self, user: User) -> Browser:
        """Somebody who is signed in to their own account."""
        browser = self.visitor()
        with transaction():
            _, secret = browser_sessions.begin(user, amr=["otp"], now=self.clock.now())
        browser.client.set_cookie("session", secret)
        return browser

    def newcomer(self) -> Agent:
        """A member of staff before signing in."""
        return self._with_language(Agent(self.app))

    def agent(self, *roles: StaffRole, **values: Any) -> Agent:
        """A member of staff who is signed in."""
        agent = self._with_language(Agent(self.app, *roles, **values))
        with transaction():
            _, secret = browser_sessions.begin(agent.member, amr=["otp", "mfa"], now=self.clock.now())
        agent.client.set_cookie("staff_session", secret)
        return agent

    def exhaust(self, limit: Limit, what: str) -> None:
        """Have something been tried as often as it may be."""
        try:
            for _ in range(limit.count + 1):
                with transaction():
                    count(limit, what, now=self.clock.now())
        except RateLimited:
            return
        raise AssertionError(f"{limit.name} does not limit {what}")

    def wait(self, **time: float) -> None:
        """Let time go by."""
        self.clock.advance(timedelta(**time))

    def pages(self) -> Iterator[tuple[str, Page]]:
        """Every page that was shown, with its template."""
        for browser in self.browsers:
            for page in browser.visited:
                if page.h1:
                    yield self.templates[page.response.headers["X-Request-Id"]], page

    def _with_language(self, browser: SomeBrowser) -> SomeBrowser:
        settings: Settings = self.app.extensions["settings"]
        if self.language:
            browser.client.set_cookie(settings.cookie_name("language"), self.language)
        self.browsers.append(browser)
        return browser


@dataclass(frozen=True)
class Stop:
    """One stop of the tour: what leads there, and the templates of the pages that it shows."""

    name: str
    templates: tuple[str, ...]
    lead: Callable[[World], None]


STOPS: dict[str, Stop] = {}


def shows(*templates: str) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Make a function a stop of the tour. It promises these templates, and a walk refuses it when one is missing."""

    def add(lead: Callable[[World], None]) -> Callable[[World], None]:
        STOPS[lead.__name__] = Stop(lead.__name__, templates, lead)
        return lead

    return add


@contextmanager
def _noting_templates(world: World) -> Iterator[None]:
    """Note which template each answer of the application is made from."""

    def note(sender: Flask, template: Template, **_more: object) -> None:  # the signal's own names
        world.templates[request_id()] = str(template.name)

    with template_rendered.connected_to(note, world.app):
        yield


def walk(stop: Stop, app: Flask, language: str = "") -> World:
    """Go to a stop; the world that is returned knows every page that was shown on the way.

    Refuses a stop that does not show what it promises.
    """
    world = World(app, language)
    with _noting_templates(world):
        stop.lead(world)
    missing = set(stop.templates) - {template for template, _ in world.pages()}
    assert not missing, f"{stop.name} does not show {sorted(missing)}"
    db.session.rollback()
    return world
