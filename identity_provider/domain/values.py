"""Values that are what they say: parse() accepts what people type and refuses the rest with a reason in words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from identity_provider.domain.words import N_

_INVISIBLE = dict.fromkeys([0x00AD, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-DFMU]?\Z")


class Refusal(StrEnum):
    """Why a text is not what it should be, in the person's words, as they stand in the catalogue."""

    TRN_LENGTH = N_("A TRN is 7 digits long, for example 1234567 or RP12/34567")
    TRN_OF_ZEROS = N_("Enter a TRN that has a digit other than 0")
    NINO_FORMAT = N_("Enter a National Insurance number in the correct format, like QQ 12 34 56 C")
    NO_FIRST_NAME = N_("Enter your first name")
    NO_LAST_NAME = N_("Enter your last name")
    LONG_NAME = N_("A name must be 200 characters or fewer")


class ValueRefused(ValueError):
    """The text is not what it should be. As a `str` it is the reason in English; screens translate `reason`."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def visible(text: str) -> str:
    """The text without characters that nobody can see, and with ordinary digits, letters and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_INVISIBLE).split())


@dataclass(frozen=True, slots=True)
class Trn:
    """A teacher reference number: seven digits, of which leading zeros are real."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accepts `1234567`, `RP 12/34567`, `01-23456`.

        Refuses anything that does not hold exactly seven digits, and seven zeros.
        """
        digits = "".join(character for character in visible(text) if character in "0123456789")
        if len(digits) != 7:
            raise ValueRefused(Refusal.TRN_LENGTH)
        if digits == "0000000":
            raise ValueRefused(Refusal.TRN_OF_ZEROS)
        return cls(digits)

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True)
class NationalInsuranceNumber:
    """A National Insurance number: two letters, six digits and usually a suffix letter (HMRC NIM39110)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accepts spaces, hyphens and small letters; refuses prefixes that are never issued."""
        compact = re.sub(r"[\s-]", "", visible(text)).upper()
        if not _NINO.match(compact):
            raise ValueRefused(Refusal.NINO_FORMAT)
        return cls(compact)

    @property
    def last_three(self) -> str:
        """What the helpdesk may see in a ticket."""
        return self.text[-3:]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PersonName:
    """The name of a person as stated; any alphabet, up to 200 characters in each part."""

    first: str
    last: str
    middle: str = ""

    @classmethod
    def parse(cls, first: str, last: str, middle: str = "") -> Self:
        """Refuses a missing first or last name, and parts longer than 200 characters."""
        parts = [visible(part) for part in (first, last, middle)]
        if not parts[0]:
            raise ValueRefused(Refusal.NO_FIRST_NAME)
        if not parts[1]:
            raise ValueRefused(Refusal.NO_LAST_NAME)
        if any(len(part) > 200 for part in parts):
            raise ValueRefused(Refusal.LONG_NAME)
        return cls(*parts)

    @property
    def full(self) -> str:
        """First, middle and last with one space between."""
        return " ".join(part for part in (self.first, self.middle, self.last) if part)
