"""Spellings of one given name, where no list has them."""

import re
from functools import lru_cache
from typing import Final

_SPELLED: Final = tuple(
    (re.compile(written), plainly)
    for written, plainly in (
        ("(?:eigh|ie|e[ey]|[iy])$", "i"), ("(?<=[^aeioucs])e$", ""), ("ee", "i"), ("oo|ou", "u"), ("([a-z])\\1", "\\1"),
        ("ph", "f"), ("ck", "k"), ("c(?=[aoulrk]|$)", "k"), ("iy(?=a)", "i"), ("y", "i"),
        ("ue", "u"), ("oe", "o"), ("ae", "a"), ("(?<=[^aeioucs])h|(?<=[aeiou])h(?![aeiou])", ""),
    )
)  # fmt: skip
"""What is written in one way or another, in the order in which it is read."""


def are_spelled_alike(one: str, other: str) -> bool:
    """Whether two first names are spellings of one: Waleed and Walid, Zahra and Zara; not René and Renée, nor Zaid."""
    return _spelling(one) == _spelling(other)


@lru_cache(maxsize=1 << 12)
def _spelling(name: str) -> str:
    for written, plainly in _SPELLED:
        name = written.sub(plainly, name)
    return name
