"""The settings of the web processes: what can be read, and what is said of the rest."""

from __future__ import annotations

import pytest

from config.serving import Serving, serving


def test_nothing_set_and_set_to_nothing_are_the_defaults() -> None:
    defaults = Serving(bind="127.0.0.1:8000", web_concurrency=2, web_threads=4, web_patience=10.0)
    blank = {"BIND": "", "WEB_CONCURRENCY": " ", "WEB_THREADS": "", "WEB_PATIENCE": "", "FORWARDED_ALLOW_IPS": ""}
    assert serving({}) == serving(blank) == (defaults, [])


@pytest.mark.parametrize(
    "bind",
    [
        *("0.0.0.0:8000", "localhost:0", "[::1]:8000", "[::]:65535", ":8000", "web-1.internal:80", "localhost"),
        *("unix:/run/identity.sock", "fd://3", "127.0.0.1:8000,[::1]:8000", "127.0.0.1:8000, unix:/run/i.sock"),
    ],
)
def test_places_to_listen(bind: str) -> None:
    found, problems = serving({"BIND": bind})
    assert (found.bind, problems) == (bind, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("WEB_CONCURRENCY", text) for text in ("0", "-1", "2.5", "many", "+2", "1_0", "٣", "1e3", "9999999", "nan")),
        *(("WEB_THREADS", text) for text in ("0", "4 threads", "0x4")),
        *(("WEB_PATIENCE", text) for text in ("0", "0.0", "nan", "inf", "-1", "10s", "1,5")),
        *(("BIND", text) for text in ("here:http", "127.0.0.1:65536", "http://host:80", "a b:80", ",", "unix:")),
        *(("FORWARDED_ALLOW_IPS", text) for text in ("proxy", "10.0.0.1/8", "*.example.org")),
    ],
)
def test_what_cannot_be_used_is_named_and_not_repeated(name: str, text: str) -> None:
    found, [problem] = serving({name: text})
    assert problem.startswith(f"{name}: ")
    assert found.web_concurrency >= 1


@pytest.mark.parametrize("text", ["*", "10.0.0.0/8, ::1", "192.0.2.7"])
def test_networks_that_gunicorn_understands(text: str) -> None:
    assert serving({"FORWARDED_ALLOW_IPS": text})[1] == []
