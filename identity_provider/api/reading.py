"""What services send, read field by field: every mistake is named, all at once."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from flask import request

from identity_provider.api.problems import Problem
from identity_provider.domain.lookup import LookupStatus
from identity_provider.domain.values import Trn, ValueRefused, visible
from identity_provider.services.user_lists import Page

Offered = TypeVar("Offered", bound=StrEnum)

LARGEST_PAGE = 100
USUAL_PAGE = 25
LAST_PAGE = 1_000_000

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Body:
    """A JSON object as it was sent; `finish` raises the Problem that names everything that was wrong in it."""

    def __init__(self, sent: dict[str, Any]) -> None:
        self.sent = sent
        self.errors: dict[str, list[str]] = {}

    @classmethod
    def read(cls) -> Body:
        """The body of this request. Raises Problem for what is no JSON object."""
        if not request.is_json:
            raise Problem(415, "The body must be JSON (application/json)")
        try:
            sent = request.get_json(silent=True)
        except RecursionError:
            # Brackets within brackets, far deeper than any object of ours.
            sent = None
        if not isinstance(sent, dict):
            raise Problem.invalid({"body": ["Must be a JSON object"]})
        return cls(sent)

    def refuse(self, name: str, why: str) -> None:
        """Note what is wrong with a field."""
        self.errors.setdefault(name, []).append(why)

    def finish(self) -> None:
        """Raise what was noted, if anything was."""
        if self.errors:
            raise Problem.invalid(self.errors)

    def text(self, name: str, longest: int) -> str:
        """A text that has to be there, of so many characters at most."""
        kept = self.name(name, required=True) or ""
        if len(kept) > longest:
            self.refuse(name, f"Must be {longest} characters or fewer")
        return kept

    def name(self, name: str, *, required: bool = False, may_be_empty: bool = False) -> str | None:
        """A part of a person's name, as it is kept; None when it was not sent."""
        if name not in self.sent and not required:
            return None
        value = self.sent.get(name)
        if value is None and may_be_empty:
            return ""
        if not isinstance(value, str) or any(unicodedata.category(each) == "Cc" for each in value):
            self.refuse(name, "Must be a text without control characters")
            return None
        kept = visible(value)
        if not kept and not may_be_empty:
            self.refuse(name, "Must not be empty")
        if len(value) > 200 or len(kept) > 200:
            self.refuse(name, "Must be 200 characters or fewer")
        return kept

    def email(self, name: str, *, required: bool = False) -> str | None:
        """An address in lower case; None when it was not sent."""
        if name not in self.sent and not required:
            return None
        value = self.sent.get(name)
        try:
            found = validate_email(
                str(value) if isinstance(value, str) else "",
                check_deliverability=False,
                allow_smtputf8=False,
                test_environment=True,
            )
        except EmailNotValidError:
            self.refuse(name, "Must be an email address, like name@example.com")
            return None
        return found.normalized.lower()

    def trn(self, name: str) -> Trn | None:
        """A TRN: a text of exactly seven digits. None is noted as a mistake."""
        value = self.sent.get(name)
        if not isinstance(value, str) or re.fullmatch(r"[0-9]{7}", value) is None:
            self.refuse(name, "Must be a text of exactly 7 digits")
            return None
        try:
            return Trn.parse(value)
        except ValueRefused:
            self.refuse(name, "Must not be all zeros")
            return None

    def one_of(self, name: str, offered: type[Offered]) -> Offered | None:
        """One of a closed list of words. None is noted as a mistake."""
        value = self.sent.get(name)
        if isinstance(value, str) and value in set(offered):
            return offered(value)
        self.refuse(name, f"Must be one of {', '.join(offered)}")
        return None

    def day(self, name: str, *, not_after: date) -> date:
        """A date, `YYYY-MM-DD`, from 1900 on."""
        found = _date_in(self.sent.get(name))
        if found is None:
            self.refuse(name, "Must be a date, like 1985-03-04")
        elif not date(1900, 1, 1) <= found <= not_after:
            self.refuse(name, "Must be a day from 1900 on that is not in the future")
        return found or not_after


def reference_in(text: str) -> str:
    """A service's own reference, in an address. Raises Problem for what can not be one."""
    if _REFERENCE.fullmatch(text) is None:
        why = "Must be 1 to 100 letters, digits, dots, hyphens and underscores, beginning with a letter or digit"
        raise Problem.invalid({"providerReference": [why]})
    return text


def user_id_in(text: str) -> UUID:
    """The id in an address. Raises Problem for what can not be one."""
    if _UUID.fullmatch(text) is None:
        raise Problem.invalid({"userId": ["Must be a UUID"]})
    return UUID(text)


def page_asked_for() -> Page:
    """`pageNumber`, `pageSize` and `trnLookupStatus` of this request. Raises Problem."""
    errors: dict[str, list[str]] = {}
    number = _number("pageNumber", 1, LAST_PAGE, errors)
    size = _number("pageSize", USUAL_PAGE, LARGEST_PAGE, errors)
    named = [each for text in request.args.getlist("trnLookupStatus") for each in text.split(",")]
    known = {each.value.lower(): each for each in LookupStatus}
    if any(each.lower() not in known for each in named):
        errors["trnLookupStatus"] = [f"Must be one or more of {', '.join(LookupStatus)}, with commas between"]
    if errors:
        raise Problem.invalid(errors)
    return Page(number, size, frozenset(known[each.lower()] for each in named))


def _number(name: str, usual: int, largest: int, errors: dict[str, list[str]]) -> int:
    text = request.args.get(name)
    if text is None:
        return usual
    if re.fullmatch(r"[0-9]{1,7}", text) is None or not 1 <= int(text) <= largest:
        errors[name] = [f"Must be a number from 1 to {largest}"]
        return usual
    return int(text)


def _date_in(value: object) -> date | None:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
