"""Names as they were meant, where a program or a reader of paper wrote them otherwise."""

import html
import re
from typing import Final

TIMES_OVER: Final = 2
"""How often over a name may have been read wrongly: by one program after the other."""

_WINDOWS_SIGNS: Final = {
    sign: byte for byte in range(0x80, 0xA0) if (sign := bytes((byte,)).decode("cp1252", errors="ignore"))
}
"""The signs by which Windows shows bytes that are control signs elsewhere."""

_FURTHER_BYTE: Final = "[\x80-\xbf" + "".join(_WINDOWS_SIGNS) + "]"
_MISREAD_UTF_8: Final = re.compile(f"[\xc2-\xdf]{_FURTHER_BYTE}|[\xe0-\xef]{_FURTHER_BYTE}{{2}}")
"""Two or three signs that one letter becomes where UTF-8 is read as Latin-1 or Windows-1252: Ã© for é."""

_EARLIER: Final = re.compile(
    r"(?<=\w)(?:[\s,;:(\[/]|(?<=\s)[-–])+(?:n(?:e|é|e\u0301)e|formerly|previously|maiden(?: name)?|born)"
    r"(?: known)?(?: as)?[\s.:]+(?=\w)",
    re.I,
)
"""What stands between a last name and the one that was borne before: Pearson (née Robinson)."""

_BEFORE_A_NAME: Final = frozenset({"de", "den", "der", "la", "le", "mac", "mc", "o", "the", "van", "vanden", "von"})

_FORMERLY: Final = re.compile(
    r"\W*\b(?:n(?:e|é|e\u0301)e|formerly|previously|maiden(?: name)?|born)(?: known)?(?: as)?[\s.:]+(?=\w)", re.I
)
"""What stands before a name that was borne before, in the box for such."""

_DIGIT_IN_WORD: Final = re.compile(r"(?<=[^\W\d_])[01345]+(?=[^\W\d_])|\b0(?=[^\W\d_])|(?<=[^\W\d_]{2})5\b")
_LIKE_LETTERS: Final = frozenset("01345")
_AS_LETTERS: Final = str.maketrans("01345", "oleas")

_READ_AS_ONE: Final = (("rn", "m"), ("cl", "d"), ("li", "h"), ("vv", "w"))
_READ_AS_TWO: Final = (("nn", "rm"), ("rm", "nn"))
"""Two letters that are taken for one where paper was read, and for two others."""


def as_meant(raw: str) -> str:
    """Undo what programs do to a name: escaping for HTML, and UTF-8 that was read as another encoding."""
    if "&" in raw:
        raw = html.unescape(html.unescape(raw).lower())  # once more in lower case: &APOS; is known as &apos; only
    if not raw.isascii() and _MISREAD_UTF_8.search(raw):
        for _ in range(TIMES_OVER):
            raw = _MISREAD_UTF_8.sub(_read_anew, raw)
    return raw


def without_earlier_name(last_name: str) -> tuple[str, str]:
    """Part a last name from the one that was borne before it, where both were typed into its box; else nothing.

    Some are called so themselves: van den Born, Mac Nee.
    """
    parts = _EARLIER.split(last_name, maxsplit=1)
    named = len(parts) > 1 and parts[0].rpartition(" ")[2].lower() in _BEFORE_A_NAME
    return (parts[0], parts[1]) if len(parts) > 1 and not named else (last_name, "")


def earlier_name(previous: str) -> str:
    """A previous name without what only says that it is one: formerly Smith."""
    found = None if previous.isalpha() else _FORMERLY.match(previous)
    return previous[found.end() :] if found else previous


def _read_anew(found: re.Match[str]) -> str:
    as_bytes = bytes(_WINDOWS_SIGNS.get(sign, ord(sign)) for sign in found[0])
    try:
        return as_bytes.decode("utf-8")
    except UnicodeDecodeError:  # overlong, or half of a pair: no encoder wrote that
        return found[0]


def with_letters_for_digits(text: str) -> str:
    """Read a 0, 1, 3, 4 or 5 among the letters of a name as the letter that looks like it: G3mma."""
    if not _LIKE_LETTERS.isdisjoint(text):  # hardly ever so, and much sooner seen than by the pattern
        return _DIGIT_IN_WORD.sub(_as_letters, text)
    return text


def _as_letters(found: re.Match[str]) -> str:
    return found[0].translate(_AS_LETTERS)


def look_alike(one: str, other: str) -> bool:
    """Whether two names are one where two letters are taken for one, or others: Jarnes and James, Harmah and Hannah."""
    shorter, longer = sorted((one, other), key=len)
    taken = (*_READ_AS_ONE, *_READ_AS_TWO)
    return any(longer.replace(two, otherwise) == shorter for two, otherwise in taken)
