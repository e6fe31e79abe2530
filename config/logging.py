"""Logs: one JSON object a line, with the request's id, without anything that names or could impersonate a person."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

SECURITY = "security"
"""The channel for refused codes, reused tokens and the like: operators alert on it."""

_SENSITIVE_KEYS = frozenset(
    {
        "access_token",
        "authorization",
        "body",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "cookie",
        "date_of_birth",
        "email",
        "id_token",
        "id_token_hint",
        "login_hint",
        "name",
        "nino",
        "password",
        "refresh_token",
        "secret",
        "state",
        "to",
        "token",
        "trn",
    }
)
_PATTERNS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-DFMU]?\b"), "[nino]"),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]+){1,2}"), "[token]"),
    (re.compile(r"(?<![\w.-])\d{7}(?![\w.-])"), "[trn]"),
    (re.compile(r"\b(19|20)\d\d-[01]\d-[0-3]\d\b(?!T)"), "[date]"),
    (
        re.compile(r"(?<=[?&])(code|state|token|login_hint|id_token_hint|trn_token|nonce)=[^&\s\"']+"),
        r"\1=[redacted]",
    ),
)

# Each of the patterns wants one of these: most texts have none.
_WORTH_A_LOOK = re.compile(r"[\d@=]|eyJ")


def redact(text: str) -> str:
    """The text without addresses, NINOs, TRNs, tokens and dates of birth."""
    if not _WORTH_A_LOOK.search(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _redact_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in list(event.items()):
        if key in {"timestamp", "request_id", "level", "logger"}:
            continue
        if key in _SENSITIVE_KEYS:
            event[key] = "[redacted]"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def _as_json(event: MutableMapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def log_request(**said: Any) -> None:
    """The line of one request, as structlog would write it, at a fraction of the cost: there is one for each."""
    if _output is None or _output not in _ROOT.handlers:
        structlog.get_logger("request").info("request", **said)
        return
    if not _REQUEST.isEnabledFor(logging.INFO):
        return
    for name, value in said.items():
        if isinstance(value, str):
            said[name] = redact(value)
    said["event"] = "request"
    said |= structlog.contextvars.get_contextvars()
    said["level"], said["logger"] = "info", "request"
    said["timestamp"] = f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"
    line = f"{_as_json(said)}\n"
    with _output.lock or nullcontext():
        _output.stream.write(line)
        _output.stream.flush()


_ROOT, _REQUEST = logging.getLogger(), logging.getLogger("request")
_output: logging.StreamHandler[Any] | None = None


def configure_logging(level: str, output_to: TextIO | None = None) -> None:
    """Send everything, our own and libraries', through one redacting JSON formatter to standard output.

    Commands name another place: what they print themselves is an answer, which scripts read.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    output = logging.StreamHandler(output_to or sys.stdout)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    global _output  # noqa: PLW0603 -- there is one output
    _output = output
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(level)
    # These print tokens, codes or request bodies at DEBUG (design page oidc.md, 15; zenpy's own README).
    for name in ("authlib", "zenpy", "urllib3", "requests", "werkzeug", "procrastinate"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    for name in ("authlib", "zenpy", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
