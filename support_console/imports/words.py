"""What is said of imports and their rows."""

from __future__ import annotations

from flask_babel import gettext as _

from identity_provider.domain.words import N_
from identity_provider.models import RowOutcome, UserImportState
from identity_provider.services.import_files import MOST_ROWS, FileFault, FileRefused, RowNote

STATES: dict[UserImportState, str] = {
    UserImportState.CHECKING: N_("Being checked"),
    UserImportState.CHECKED: N_("Waiting for approval"),
    UserImportState.RUNNING: N_("Running"),
    UserImportState.STOPPED: N_("Stopped"),
    UserImportState.DONE: N_("Done"),
    UserImportState.REJECTED: N_("Rejected"),
}
PLANNED: dict[RowOutcome, str] = {
    RowOutcome.CREATE: N_("Would be made a user"),
    RowOutcome.LINK: N_("Would be linked to the TRN"),
    RowOutcome.UPDATE: N_("Would get what is missing"),
    RowOutcome.UNCHANGED: N_("Is there already"),
    RowOutcome.CONFLICT: N_("Conflict"),
    RowOutcome.REFUSED: N_("Refused"),
}
DONE: dict[RowOutcome, str] = {
    RowOutcome.CREATE: N_("Made a user"),
    RowOutcome.LINK: N_("Linked to the TRN"),
    RowOutcome.UPDATE: N_("Got what was missing"),
    RowOutcome.UNCHANGED: N_("Was there already"),
    RowOutcome.CONFLICT: N_("Conflict"),
    RowOutcome.REFUSED: N_("Refused"),
}
NOTES: dict[RowNote, str] = {
    RowNote.FIELDS: N_("The row does not have 8 fields"),
    RowNote.UNREADABLE: N_("The row has characters that cannot be read"),
    RowNote.TOO_LONG: N_("A field is too long"),
    RowNote.NO_EMAIL: N_("There is no email address"),
    RowNote.EMAIL_FORMAT: N_("The email address cannot be one"),
    RowNote.TRN_FORMAT: N_("The TRN is not 7 digits; a spreadsheet may have dropped a zero at its beginning"),
    RowNote.NO_NAME: N_("A row without a TRN needs a first and a last name"),
    RowNote.NO_BIRTHDAY: N_("There is no date of birth"),
    RowNote.BIRTHDAY_FORMAT: N_(
        "The date of birth cannot be one; it is written as 25121980, and a spreadsheet may have dropped a zero"
    ),
    RowNote.EMAIL_REPEATED: N_("An earlier row has this email address"),
    RowNote.TRN_REPEATED: N_("An earlier row has this TRN"),
    RowNote.NO_SUCH_RECORD: N_("The register has no record with this TRN"),
    RowNote.RECORD_CLOSED: N_("The record of this TRN is closed"),
    RowNote.RECORD_MERGED: N_("The record of this TRN was merged into another"),
    RowNote.RECORD_WITHOUT_NAME: N_("The record of this TRN has no full name"),
    RowNote.BORN_OTHERWISE: N_("The date of birth is not the record's"),
    RowNote.NAMED_OTHERWISE: N_("The name is not the record's"),
    RowNote.TRN_HELD: N_("Another user is linked to this TRN"),
    RowNote.HAS_OTHER_TRN: N_("The user with this email address is linked to another TRN"),
    RowNote.NAMESAKE: N_("Another user has this name and date of birth: it may be the same person"),
    RowNote.ACCOUNT_DIFFERS: N_("The user with this email address has another name or date of birth"),
    RowNote.ACCOUNT_LOCKED: N_("The user with this email address is locked out"),
    RowNote.TRN_LEAKED: N_(
        "The TRN is on the list of leaked numbers: attach it in a case, once it is sure whose it is"
    ),
    RowNote.LINK_WAS_ENDED: N_("The link of this user to this TRN was ended by the helpdesk"),
    RowNote.NO_TRN_CONFIRMED: N_(
        "It was confirmed that this user has no TRN: take that back in their case, if it is not so"
    ),
    RowNote.JUST_REGISTERED: N_("Somebody registered with this email address at the same moment; import the row again"),
}
_FAULTS: dict[FileFault, str] = {
    FileFault.TOO_LARGE: N_("The file must be smaller than 5 MB"),
    FileFault.NOT_UTF8: N_("Save the file as CSV UTF-8: it has characters in another encoding"),
    FileFault.NOT_CSV: N_("The file is not a CSV file"),
    FileFault.COLUMNS_MISSING: N_("The first line must name every column. Missing: %(about)s"),
    FileFault.COLUMNS_UNKNOWN: N_("The first line names columns that are not known, or one twice: %(about)s"),
    FileFault.NO_ROWS: N_("The file has no rows"),
    FileFault.TOO_MANY_ROWS: N_("The file has more than %(most)s rows. Split it"),
}


def why_not(refused: FileRefused) -> str:
    """Why a file cannot be used."""
    return str(_(_FAULTS[refused.fault], about=refused.about, most=f"{MOST_ROWS:,}"))


def noted(note: str) -> str:
    """What there is to say of a row."""
    return str(_(NOTES[RowNote(note)])) if note else ""


def came_to(outcome: RowOutcome | None) -> str:
    """What became of a row."""
    return str(_(DONE[outcome])) if outcome is not None else ""


def would_come_to(outcome: RowOutcome | None) -> str:
    """What the dry run says of a row."""
    return str(_(PLANNED[outcome])) if outcome is not None else ""
