"""Files of people that service teams bring: read line by line, each line sealed, each fault named by its line.

The columns are those of the service that ours replaces, so that its files can be used as they are.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, or_

from identity_provider.domain.errors import IdentityError
from identity_provider.domain.values import PersonName, Trn, ValueRefused
from identity_provider.models import UserImportRow
from identity_provider.vault import vault

COLUMNS = ("ID", "EMAIL_ADDRESS", "TRN", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "PREFERRED_NAME", "DATE_OF_BIRTH")
MOST_BYTES = 5_000_000
MOST_ROWS = 20_000
_LONGEST = {"ID": 100, "EMAIL_ADDRESS": 254}
_LONGEST_NAME = 200
_DATES = ("%d%m%Y", "%Y-%m-%d", "%d/%m/%Y")
_EARLIEST = date(1900, 1, 1)
_CONTENT = "import_row"
_EMAIL = "import_email"
_UNREADABLE = frozenset({"Cc", "Cs", "Cn"})


class FileFault(StrEnum):
    """Why a whole file is refused."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_CSV = "not_csv"
    COLUMNS_MISSING = "columns_missing"
    COLUMNS_UNKNOWN = "columns_unknown"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"


class FileRefused(IdentityError):
    """The file cannot be used; `about` names the columns that are wrong, or is empty."""

    def __init__(self, fault: FileFault, about: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.about = about


class RowNote(StrEnum):
    """What there is to say of a row; no value of the row stands in it."""

    # The row itself is at fault.
    FIELDS = "fields"
    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"
    NO_EMAIL = "no_email"
    EMAIL_FORMAT = "email_format"
    TRN_FORMAT = "trn_format"
    NO_NAME = "no_name"
    NO_BIRTHDAY = "no_birthday"
    BIRTHDAY_FORMAT = "birthday_format"
    EMAIL_REPEATED = "email_repeated"
    TRN_REPEATED = "trn_repeated"
    # The register says otherwise.
    NO_SUCH_RECORD = "no_such_record"
    RECORD_CLOSED = "record_closed"
    RECORD_MERGED = "record_merged"
    RECORD_WITHOUT_NAME = "record_without_name"
    BORN_OTHERWISE = "born_otherwise"
    NAMED_OTHERWISE = "named_otherwise"
    # Accounts that there are already.
    TRN_HELD = "trn_held"
    HAS_OTHER_TRN = "has_other_trn"
    NAMESAKE = "namesake"
    ACCOUNT_DIFFERS = "account_differs"
    ACCOUNT_LOCKED = "account_locked"
    TRN_LEAKED = "trn_leaked"
    LINK_WAS_ENDED = "link_was_ended"
    NO_TRN_CONFIRMED = "no_trn_confirmed"
    JUST_REGISTERED = "just_registered"


@dataclass(frozen=True, slots=True)
class Content:
    """One line as it was brought, and what is wrong with it, if anything is."""

    line: int
    said: dict[str, str] = field(repr=False)
    fault: RowNote | None = None

    @property
    def email(self) -> str:
        """The address in lower case; what could not be one is given as it stands."""
        return self.said.get("EMAIL_ADDRESS", "").lower()

    @property
    def trn(self) -> str:
        """The seven digits, or nothing."""
        try:
            return Trn.parse(self.said["TRN"]).digits if self.said.get("TRN") else ""
        except ValueRefused:
            return ""

    @property
    def born(self) -> date | None:
        """The birthday, of a row without a fault."""
        return birthday(self.said.get("DATE_OF_BIRTH", ""))

    @property
    def name(self) -> PersonName | None:
        """The name, where both parts were given."""
        first, last = self.said.get("FIRST_NAME", ""), self.said.get("LAST_NAME", "")
        return PersonName(first, last, self.said.get("MIDDLE_NAME", "")) if first and last else None


def read(content: bytes, today: date) -> list[Content]:
    """Take a file apart: UTF-8 with or without a byte order mark, the columns in any order, empty lines left out.

    Raises FileRefused for a file that cannot be used as a whole; what is wrong with a line is said in it.
    """
    if len(content) > MOST_BYTES:
        raise FileRefused(FileFault.TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FileRefused(FileFault.NOT_UTF8) from fault
    if "\0" in text:
        raise FileRefused(FileFault.NOT_CSV)
    try:
        rows = list(_rows(text, today))
    except csv.Error as fault:
        raise FileRefused(FileFault.NOT_CSV) from fault
    if not rows:
        raise FileRefused(FileFault.NO_ROWS)
    return _without_repeats(rows)


def birthday(text: str) -> date | None:
    """A day from 1900 on, written as 25121980, 1980-12-25 or 25/12/1980; None for anything else."""
    for pattern in _DATES:
        try:
            found = datetime.strptime(text, pattern).date()  # noqa: DTZ007 -- a birthday has no time zone
        except ValueError:
            continue
        # `%d%m%Y` reads seven digits too: a spreadsheet has dropped the leading zero, and 1121980 is two days.
        return found if found >= _EARLIEST and found.strftime(pattern) == text else None
    return None


def seal(content: Content) -> tuple[bytes, bytes | None]:
    """The line as it is kept, and the hash by which it is found for the person."""
    kept = vault.seal(json.dumps(asdict(content)), _CONTENT)
    return kept, vault.keyed_hash(_EMAIL, content.email) if content.email else None


def content_of(row: UserImportRow) -> Content:
    """What a row says."""
    kept = json.loads(vault.unseal(row.content_sealed, _CONTENT))
    return Content(kept["line"], kept["said"], RowNote(kept["fault"]) if kept["fault"] else None)


def is_about(user_ids: Sequence[UUID], addresses: Sequence[str]) -> ColumnElement[bool]:
    """Rows that became one of these users, or bear one of these addresses."""
    hashes = [each for address in addresses for each in vault.keyed_hashes(_EMAIL, address)]
    return or_(UserImportRow.user_id.in_(user_ids), UserImportRow.email_hmac.in_(hashes))


def _rows(text: str, today: date) -> Iterator[Content]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    head = _head(next(reader, []))
    found = 0
    for cells in reader:
        if not any(each.strip() for each in cells):
            continue
        found += 1
        if found > MOST_ROWS:
            raise FileRefused(FileFault.TOO_MANY_ROWS)
        yield _content(reader.line_num, head, cells, today)


def _head(cells: list[str]) -> list[str]:
    """The columns by name. Raises FileRefused naming those that are missing, unknown or there twice."""
    head = [each.strip().upper() for each in cells]
    missing = [each for each in COLUMNS if each not in head]
    if missing:
        raise FileRefused(FileFault.COLUMNS_MISSING, ", ".join(missing))
    if len(head) != len(COLUMNS):
        odd = [each for at, each in enumerate(head) if each not in COLUMNS or each in head[:at]]
        raise FileRefused(FileFault.COLUMNS_UNKNOWN, ", ".join(each[:40] or "?" for each in odd))
    return head


def _content(line: int, head: list[str], cells: list[str], today: date) -> Content:
    said = {name: " ".join(cell.split()) for name, cell in zip(head, cells, strict=False)}
    if len(cells) != len(head):
        return Content(line, said, RowNote.FIELDS)
    email = _address(said["EMAIL_ADDRESS"])
    fault = _fault(said, email, today)
    return Content(line, said if email is None else said | {"EMAIL_ADDRESS": email}, fault)


def _fault(said: dict[str, str], email: str | None, today: date) -> RowNote | None:
    """The first thing that is wrong with a row, in the order in which somebody would mend it."""
    born = birthday(said["DATE_OF_BIRTH"])
    wrong = (
        (RowNote.UNREADABLE, any(unicodedata.category(each) in _UNREADABLE for text in said.values() for each in text)),
        (RowNote.TOO_LONG, any(len(text) > _LONGEST.get(name, _LONGEST_NAME) for name, text in said.items())),
        (RowNote.NO_EMAIL, not said["EMAIL_ADDRESS"]),
        (RowNote.EMAIL_FORMAT, email is None),
        (RowNote.TRN_FORMAT, bool(said["TRN"]) and not _is_trn(said["TRN"])),
        (RowNote.NO_NAME, not (said["FIRST_NAME"] and said["LAST_NAME"]) and not said["TRN"]),
        (RowNote.NO_BIRTHDAY, not said["DATE_OF_BIRTH"]),
        (RowNote.BIRTHDAY_FORMAT, born is None or born > today),
    )
    return next((note for note, is_so in wrong if is_so), None)


def _address(text: str) -> str | None:
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def _is_trn(text: str) -> bool:
    try:
        Trn.parse(text)
    except ValueRefused:
        return False
    return True


def _without_repeats(rows: list[Content]) -> list[Content]:
    """Of two rows with one address, or one TRN, only the first may be right: the others are said to be repeated."""
    emails: set[str] = set()
    trns: set[str] = set()
    checked: list[Content] = []
    for row in rows:
        fault = row.fault
        if fault is None and row.email in emails:
            fault = RowNote.EMAIL_REPEATED
        elif fault is None and row.trn and row.trn in trns:
            fault = RowNote.TRN_REPEATED
        if fault is None:
            emails.add(row.email)
            trns.add(row.trn)
        checked.append(Content(row.line, row.said, fault))
    return checked
