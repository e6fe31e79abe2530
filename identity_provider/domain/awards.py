"""Awards that services record: which qualifications there are, and how the codes that share them are written."""

from __future__ import annotations

import secrets
import unicodedata
from enum import StrEnum

from identity_provider.domain.words import N_


class Qualification(StrEnum):
    """The closed list of national professional qualifications; the value is what services send."""

    NPQLT = "NPQLT"
    NPQLTD = "NPQLTD"
    NPQLBC = "NPQLBC"
    NPQLL = "NPQLL"
    NPQLPM = "NPQLPM"
    NPQSENCO = "NPQSENCO"
    NPQEYL = "NPQEYL"
    NPQSL = "NPQSL"
    NPQH = "NPQH"
    NPQEL = "NPQEL"
    # Awarded until 2022: people still hold it.
    NPQML = "NPQML"

    @property
    def full_name(self) -> str:
        """Its name in full, marked for the catalogue."""
        return _TITLES[self]


_TITLES = {
    Qualification.NPQLT: N_("National Professional Qualification (NPQ) for Leading Teaching"),
    Qualification.NPQLTD: N_("National Professional Qualification (NPQ) for Leading Teacher Development"),
    Qualification.NPQLBC: N_("National Professional Qualification (NPQ) for Leading Behaviour and Culture"),
    Qualification.NPQLL: N_("National Professional Qualification (NPQ) for Leading Literacy"),
    Qualification.NPQLPM: N_("National Professional Qualification (NPQ) for Leading Primary Mathematics"),
    Qualification.NPQSENCO: N_(
        "National Professional Qualification (NPQ) for Special Educational Needs Co-ordinators (SENCOs)"
    ),
    Qualification.NPQEYL: N_("National Professional Qualification (NPQ) for Early Years Leadership"),
    Qualification.NPQSL: N_("National Professional Qualification (NPQ) for Senior Leadership"),
    Qualification.NPQH: N_("National Professional Qualification (NPQ) for Headship"),
    Qualification.NPQEL: N_("National Professional Qualification (NPQ) for Executive Leadership"),
    Qualification.NPQML: N_("National Professional Qualification (NPQ) for Middle Leadership"),
}

# No vowels, so that no code is a word; and of every pair that looks alike, at most one.
ALPHABET = "2346789CDFGHJKMNPQRTVWXY"
LENGTH = 16
"""Of 24 letters and digits: 73 bits."""

_GROUP = 4
_READ_AS = str.maketrans("BZU", "82V")


def new_code() -> str:
    """A code by chance, e.g. `7K4D-9XWM-2CPR-HT63`."""
    made = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(made[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))


def as_kept(typed: str) -> str:
    """A code as people type it (small letters, spaces, dashes, an 8 read as B), in the one way that is kept of it.

    What can be no code stays what it is: it is found nowhere.
    """
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(each for each in plain if each.isalnum()).translate(_READ_AS)
