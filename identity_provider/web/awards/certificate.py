"""The words of a certificate, and the certificate itself."""

from __future__ import annotations

from pathlib import Path

from flask_babel import gettext as _

from identity_provider.adapters.typesetting import typeset
from identity_provider.kit.app import settings
from identity_provider.kit.languages import current_language
from identity_provider.kit.written import written_date
from identity_provider.models import Award

SOURCE = Path(__file__).with_name("data") / "certificate.typ"
_PARTS = (
    *("certifies", "was_awarded", "qualification", "provider_label", "provider", "day_label", "day"),
    *("reference_label", "reference", "how_to_check"),
)


def where_to_check() -> str:
    """The address at which codes are entered, as it is given to people."""
    return f"{settings().issuer}/check-an-award"


def specimen(name: str) -> bytes:
    """A certificate of nobody, to see whether one can be made for such a name. Raises NotTypeset."""
    blank = dict.fromkeys((*_PARTS, "title"), "-")
    return typeset(SOURCE, blank | {"lang": "en", "name": name})


def words_of(award: Award) -> dict[str, str]:
    """What the certificate says, in the language of the request. No TRN and no birthday: it is shown around."""
    return {
        "lang": current_language(),
        "title": _("Certificate of award"),
        "certifies": _("This is to certify that"),
        "name": award.user.name.full,
        "was_awarded": _("was awarded the"),
        "qualification": _(award.qualification.full_name),
        "provider_label": _("Awarded by"),
        "provider": award.provider_name,
        "day_label": _("Date awarded"),
        "day": written_date(award.awarded_on),
        "reference_label": _("Reference"),
        "reference": award.provider_reference,
        "how_to_check": _(
            "To check this award, ask its holder for a code and enter it with their date of birth at %(where)s. "
            "Do not rely on a certificate alone.",
            where=where_to_check(),
        ),
    }


def certificate_of(words: dict[str, str]) -> bytes:
    """The certificate as a PDF for screen and printer. Raises NotTypeset. Not inside a transaction."""
    return typeset(SOURCE, words)


def file_name(award: Award) -> str:
    """What the file is called when it is saved: plain letters, whatever the person's name."""
    return f"{award.qualification.value}-certificate.pdf"
