"""The relying services of docs/onboarding.md, taken out of the page and run as they stand there."""

from __future__ import annotations

import functools
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import requests

from tests.kit.stand_ins import free_port

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "onboarding.md"
SECONDS_TO_START = 240


class Credentials(NamedTuple):
    """What an operator hands to a service team."""

    client_id: str
    secret: str


@dataclass(frozen=True)
class Language:
    """How one of the page's programs is started, and what this machine must have for it."""

    name: str
    fence: str
    file: str
    # Debian's version of the Ruby library can not do PKCE.
    does_pkce: bool = True
    # Whether its library, or the program, compares the `iss` that comes back with the code.
    checks_iss: bool = True

    def missing(self) -> str:
        """Why the program can not be run here; empty when it can."""
        match self.name:
            case "node":
                return "" if _node_modules() else "Node, npm or a registry is missing: openid-client was not tried"
            case "ruby":
                return "" if _has_gem() else "ruby-omniauth-openid-connect is not installed: omniauth was not tried"
            case _:
                return ""

    def command(self, port: int) -> list[str]:
        match self.name:
            case "node":
                return ["node", self.file]
            case "ruby":
                return [
                    "rackup",
                    "--quiet",
                    "--server",
                    "webrick",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                    self.file,
                ]
            case _:
                return [sys.executable, "-m", "flask", "--app", self.file, "run", "--port", str(port)]

    def source(self) -> str:
        """The program, as the page shows it."""
        [found] = re.findall(
            rf"^```{self.fence}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        return str(found)


PYTHON = Language("python", "python", "service.py")
NODE = Language("node", "javascript", "service.mjs")
RUBY = Language("ruby", "ruby", "config.ru", does_pkce=False, checks_iss=False)
LANGUAGES = (PYTHON, NODE, RUBY)


@contextmanager
def a_program(
    language: Language, place: Path, port: int, credentials: Credentials, trusted: dict[str, str]
) -> Iterator[str]:
    """The program, running until the block ends; gives its address. `trusted` is the provider and whom to believe."""
    home = place / f"{language.name}-{port}"
    home.mkdir()
    (home / language.file).write_text(language.source(), encoding="utf-8")
    if language.name == "node" and (modules := _node_modules()):
        (home / "node_modules").symlink_to(modules)
    address = f"http://localhost:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "BASE_URL": address,
        "CLIENT_ID": credentials.client_id,
        "CLIENT_SECRET": credentials.secret,
        "SESSION_SECRET": secrets.token_hex(32),
    }
    with (home / "log").open("w") as log:
        program = subprocess.Popen(
            language.command(port), cwd=home, env=environment | trusted, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(program, f"{address}/", home / "log")
        yield address
    finally:
        program.terminate()
        program.wait(timeout=SECONDS_TO_START)


def a_port() -> int:
    """Where a program may listen."""
    return free_port()


def _wait_for(program: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            if requests.get(address, timeout=10).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        if program.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"it did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.1)


@functools.cache
def _node_modules() -> Path | None:
    """Where openid-client and what it needs were installed, by the lock beside this file; None when they can not be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    place = HERE.parents[1] / ".data" / "foreign-node"
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    if not (place / "installed").exists() or (place / "installed").read_text(encoding="utf-8") != lock:
        place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, place / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        try:
            subprocess.run(command, cwd=place, capture_output=True, check=True, timeout=180)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        (place / "installed").write_text(lock, encoding="utf-8")
    return place / "node_modules"


@functools.cache
def _has_gem() -> bool:
    if shutil.which("ruby") is None or shutil.which("rackup") is None:
        return False
    command = ["ruby", "-e", "require 'omniauth_openid_connect'; require 'webrick'"]
    return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS_TO_START).returncode == 0
