"""Texts for people that are in no language yet: marked here for the catalogue, translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802  # gettext's own name for it, which pybabel looks for
    """Mark a text for the catalogue without translating it: the domain and the services know no language."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """A marked text, and what fills its gaps: `Words(N_("ends in %(end)s"), {"end": "56C"})`.

    As a `str` it is English, which is what tickets and logs are written in; screens translate it (kit/written.py).
    """

    text: str
    gaps: Mapping[str, str] = field(default_factory=dict)
    # Where one English text is several in another language (gettext's msgctxt): what it answers.
    context: str = ""

    def __str__(self) -> str:
        return self.text % self.gaps if self.gaps else self.text


def joined(sentences: Sequence[str]) -> str:
    """Sentences as one text. The first ends without a full stop, as in a list, and so does one that stands alone."""
    first, *more = sentences
    return " ".join((f"{first}.", *more)) if more else first
