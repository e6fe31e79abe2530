"""How the web processes are set: what gunicorn reads of the environment, by itself or in our settings for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network

_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)
_PLACE = re.compile(r"unix:.+|fd://[0-9]+|(\[[0-9a-fA-F:.]+\]|[\w.-]*)(:(?P<port>[0-9]{1,5}))?", re.ASCII)
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Serving:
    """What an operator may choose about the web processes. The comment over each field names its variable."""

    # BIND: where to listen, HOST:PORT or unix:PATH; several with commas.
    bind: str
    # WEB_CONCURRENCY: how many processes. Gunicorn reads it as well, before it reads any settings of ours.
    web_concurrency: int
    # WEB_THREADS: how many threads in each.
    web_threads: int
    # WEB_PATIENCE: seconds for half a request (config/gunicorn_arrivals.py).
    web_patience: float


def serving(environment: Mapping[str, str]) -> tuple[Serving, list[str]]:
    """What is set, with a default in place of what cannot be read; and what is wrong, by variable."""
    reader = _Reader(environment)
    found = Serving(
        bind=reader.places(),
        web_concurrency=int(reader.number("WEB_CONCURRENCY", "2", _WHOLE_NUMBER, "a whole number from 1")),
        web_threads=int(reader.number("WEB_THREADS", "4", _WHOLE_NUMBER, "a whole number from 1")),
        web_patience=float(reader.number("WEB_PATIENCE", "10", _NUMBER, "a number of seconds, more than 0")),
    )
    reader.look_at_networks()
    return found, reader.problems


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def number(self, name: str, default: str, form: re.Pattern[str], wanted: str) -> str:
        text = self._text(name) or default
        if form.fullmatch(text) and float(text) > 0:
            return text
        self.problems.append(f"{name}: {wanted}")
        return default

    def places(self) -> str:
        text = self._text("BIND") or "127.0.0.1:8000"
        found = [_PLACE.fullmatch(each.strip()) for each in text.split(",")]
        if any(each is None or not each[0] or int(each["port"] or 0) > _LAST_PORT for each in found):
            self.problems.append("BIND: HOST:PORT or unix:PATH, several with commas")
        return text

    def look_at_networks(self) -> None:
        """Gunicorn's own: whose X-Forwarded-Proto it believes. We take it from PROXY_HOPS."""
        networks = [each.strip() for each in self._text("FORWARDED_ALLOW_IPS").split(",") if each.strip()]
        try:
            for each in networks:
                ip_network(each if each != "*" else "0.0.0.0/0")
        except ValueError:
            self.problems.append("FORWARDED_ALLOW_IPS: * or the addresses of networks, with commas; best left out")

    def _text(self, name: str) -> str:
        return self.environment.get(name, "").strip()
