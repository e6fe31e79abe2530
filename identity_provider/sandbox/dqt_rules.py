"""Whom the real API's searches find (dqt-api.md, A4.2 and B5): exact values, and names by shared words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from matching.given_names import given_name_forms
from matching.records import RecordStatus, TeachingRecord

POINTS_FOR_A_FIND = 3

_APOSTROPHES = str.maketrans(dict.fromkeys("‘’`´", "'"))


@dataclass(frozen=True, slots=True)
class Sought:
    """What `v2/teachers/find` is asked with; empty is not asked."""

    first_names: tuple[str, ...] = ()
    last_names: tuple[str, ...] = ()
    born: date | None = None
    nino: str = ""
    email: str = ""
    trn: str = ""


def found_by_default(record: TeachingRecord, sought: Sought) -> bool:
    """At least three of full name, date of birth, email, TRN and National Insurance number agree."""
    points = (
        _full_name_agrees(record, sought),
        sought.born is not None and record.date_of_birth == sought.born,
        bool(sought.email) and record.email.casefold() == sought.email.casefold(),
        bool(sought.trn) and record.trn == sought.trn,
        bool(sought.nino) and record.nino == sought.nino,
    )
    return record.status is RecordStatus.ACTIVE and sum(points) >= POINTS_FOR_A_FIND


def found_strictly(record: TeachingRecord, sought: Sought) -> bool:
    """Date of birth and TRN agree, and the National Insurance number, or the name where the record has none."""
    if record.status is not RecordStatus.ACTIVE or not sought.trn or sought.born is None:
        return False
    if record.date_of_birth != sought.born or record.trn != sought.trn:
        return False
    if record.nino:
        return record.nino == re.sub(r"[\s-]", "", sought.nino).upper()
    return _full_name_agrees(record, sought)


def shares_last_name(record: TeachingRecord, last_name: str) -> bool:
    """Whether a word of the last name is one of the record's, current or previous."""
    asked = split_names(last_name)
    return bool(asked & split_names(" ".join((record.last_name, *record.previous_last_names))))


def split_names(text: str) -> set[str]:
    """The words of a name as v3 takes them apart: a hyphen divides only where it is the first divider."""
    plain = text.translate(_APOSTROPHES).strip().casefold()
    return {word for part in re.split(r"[\s-]+", plain, maxsplit=1) for word in part.split(" ") if word}


def _full_name_agrees(record: TeachingRecord, sought: Sought) -> bool:
    """A first and a last name share a word each; short forms count among first names, accents do not vanish."""
    firsts = _words((record.first_name, *record.previous_first_names))
    asked = _words(sought.first_names)
    also = {form for word in asked for form in given_name_forms(word)}
    lasts = _words((record.last_name, *record.previous_last_names))
    return bool(firsts & (asked | also)) and bool(lasts & _words(sought.last_names))


def _words(names: Iterable[str]) -> set[str]:
    return {word for name in names for word in name.casefold().split(" ") if word}
