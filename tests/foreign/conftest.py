"""A whole running service behind a TLS proxy, as operators run it, for software that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.foreign import apache
from tests.foreign.programs import LANGUAGES
from tests.foreign.secure import SecureSandbox, a_secure_sandbox


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What could not be tried on this machine is said where it cannot be missed."""
    missing = [reason for reason in (*(each.missing() for each in LANGUAGES), apache.missing()) if reason]
    if missing:
        terminalreporter.section("foreign software", sep="!", red=True, bold=True)
        for reason in missing:
            terminalreporter.line(reason)


@pytest.fixture(scope="package")
def _running() -> Iterator[SecureSandbox]:
    with a_secure_sandbox() as running:
        yield running


@pytest.fixture
def secure(_running: SecureSandbox) -> Iterator[SecureSandbox]:
    """The running service; its proxy is honest again after each test."""
    yield _running
    _running.proxy.be_honest()
