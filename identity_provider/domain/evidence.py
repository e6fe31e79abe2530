"""Evidence files: what they may be, why one is refused and in which words, and what their life is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from identity_provider.domain.errors import IdentityError
from identity_provider.domain.words import N_, Words

MOST_BYTES = 10_000_000
"""The largest file that is taken: a photo from a phone, as it comes."""
MOST_PAGES = 50
UNDECIDED = timedelta(days=90)
"""How long a file stays when nobody decides on what it is evidence for; whoever decides says how long then."""
LONGEST_NAME = 100
"""Of a name as it is shown; the DQT takes no longer one either (dqt-api.md, A4.4)."""

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
EXTENSIONS = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}
_WHAT_NAMES_PROMISE = {"jpg": JPEG, "jpeg": JPEG, "jpe": JPEG, "jfif": JPEG, "png": PNG, "pdf": PDF}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
# A PDF may have something before its first line (PDF 1.7, annex H.3, implementation note 13).
_PDF_BEGINS_WITHIN = 1_024
# Letters, marks, numbers, and the punctuation that names of files have.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class EvidenceState(StrEnum):
    """Where a file stands. Only a clean one is ever shown to anybody."""

    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    GONE = "gone"


class Refusal(StrEnum):
    """Why a file is not taken. Also what the cleaning process answers with."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    HEIC = "heic"
    NOT_SUPPORTED = "not_supported"
    WRONG_CONTENTS = "wrong_contents"
    DAMAGED = "damaged"
    PASSWORD = "password"
    ACTIVE_CONTENTS = "active_contents"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_LARGE_PICTURE = "too_large_picture"
    TOOK_TOO_LONG = "took_too_long"
    TOO_MANY = "too_many"
    TRY_AGAIN_LATER = "try_again_later"


_WORDS = {
    Refusal.EMPTY: N_("The selected file is empty"),
    Refusal.TOO_LARGE: N_("The selected file must be 10MB or smaller"),
    Refusal.HEIC: N_(
        "We cannot open HEIC photos. On an iPhone, take a screenshot of the photo and upload that, or set your"
        " camera’s format to ‘Most Compatible’ and take the photo again"
    ),
    Refusal.NOT_SUPPORTED: N_("The selected file must be a PDF, JPEG or PNG"),
    Refusal.WRONG_CONTENTS: N_(
        "The selected file is named like a PDF, JPEG or PNG, but it is something else. Save it as one of these, then"
        " upload it again"
    ),
    Refusal.DAMAGED: N_(
        "The selected file is damaged and we cannot open it. Check that it opens on your device, or take a new photo"
    ),
    Refusal.PASSWORD: N_(
        "The selected PDF is protected with a password. Remove the password, or upload a photo of the document"
    ),
    Refusal.ACTIVE_CONTENTS: N_(
        "The selected PDF is a form that changes while it is filled in. Print it to a new PDF, then upload that one"
    ),
    Refusal.TOO_MANY_PAGES: N_("The selected PDF must have %(most)s pages or fewer. Upload the pages that matter only"),
    Refusal.TOO_LARGE_PICTURE: N_("A picture in the selected file has too many pixels. Upload a smaller picture"),
    Refusal.TOOK_TOO_LONG: N_("We could not open the selected file in time. Upload a photo of the document"),
    Refusal.TOO_MANY: N_("You have uploaded too many files in a short time. Try again in an hour"),
    Refusal.TRY_AGAIN_LATER: N_(
        "The selected file could not be uploaded because of a problem with our service. Try again in a few minutes"
    ),
}


class EvidenceRefused(IdentityError):
    """The file is not taken, and nothing of it was kept. `words` are for the person who sent it."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def words(self) -> Words:
        """What to tell the person: what is wrong with the file, and what would be taken."""
        return Words(_WORDS[self.reason], {"most": str(MOST_PAGES)})


@dataclass(frozen=True, slots=True)
class CleanedFile:
    """A file that was decoded and written anew: nothing of what was sent is in it but what can be seen."""

    content: bytes = field(repr=False)
    media_type: str
    pages: int = 1


def kind_of(content: bytes, name: str) -> str:
    """The media type that the first bytes speak of, whatever the name says: a harmless slip of the name is forgiven.

    Raises EvidenceRefused: EMPTY, TOO_LARGE, HEIC, NOT_SUPPORTED, or WRONG_CONTENTS where the name promised more.
    """
    if not content:
        raise EvidenceRefused(Refusal.EMPTY)
    if len(content) > MOST_BYTES:
        raise EvidenceRefused(Refusal.TOO_LARGE)
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise EvidenceRefused(Refusal.HEIC)
    if b"%PDF-" in content[:_PDF_BEGINS_WITHIN]:
        return PDF
    promised = name.rpartition(".")[2].lower() in _WHAT_NAMES_PROMISE
    raise EvidenceRefused(Refusal.WRONG_CONTENTS if promised else Refusal.NOT_SUPPORTED)


def shown_name(name: str, media_type: str) -> str:
    """A name that is safe to show and to save under: no path, nothing invisible, the ending that the file now has.

    It is never used as the name of a file of ours.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name.replace("\0", "")))[-1]
    visible = "".join(each for each in last if unicodedata.category(each) not in _UNPRINTABLE)
    stem = " ".join(re.sub(r'[<>:"|?*;%]', " ", visible).split())
    before, dot, ending = stem.rpartition(".")
    if dot and ending.lower() in {*_WHAT_NAMES_PROMISE, "heic"}:
        stem = before
    extension = EXTENSIONS[media_type]
    return (stem.strip(" .")[: LONGEST_NAME - len(extension)].strip(" .") or "evidence") + extension
