"""Names as far as a register or a form had room for them."""

from typing import Final

from matching.given_names import is_borne
from matching.normalise import Name

CUT_FROM: Final = 10
"""What begins with so many letters that are a name is that name: shorter ones begin other people's, too."""

NO_NAME_CUT_FROM: Final = 7
"""Letters from which the beginning of a name may be that, cut, where nobody is called so."""

ROOM: Final = 8
"""Letters of a first name for which a register had room, at the least."""

RESPECT_FROM: Final = 4
"""Letters that a name has at least where that follows: no Reu is Reuben."""

LAST_NAME_CUT_FROM: Final = 9
MOST_CUT: Final = 6
_ENDS: Final = frozenset(
    {"son", "sson", "sen", "man", "ez", "es", "ov", "ova", "ovic", "ow", "owa", "ski", "ska", "escu", "ides", "ou"}
    | {"wala", "pour", "zadeh", "pillai", "swamy", "waran"}
)
"""What makes another last name of one."""

_RESPECTFUL: Final = frozenset({"ben", "behn", "bhen", "bhai"})
"""Sister and brother, as they stand behind Gujarati names."""

_HER_ENDS: Final = frozenset({"ia", "ina", "issa", "ella", "etta", "iana"})
"""What makes a woman's name of a man's: Konstantina, of Konstantin."""


def is_first_name_cut(one: Name, other: Name) -> bool:
    """Whether one name is the other as far as a register or a form had room: Alexandra-Ma, Balasubraman."""
    shorter, longer = (one, other) if len(one.joined) <= len(other.joined) else (other, one)
    if not longer.joined.startswith(shorter.joined):
        return False
    if len(longer.tokens) == 1 and _is_said_with_respect(shorter.joined, longer.joined):
        return True
    if len(shorter.joined) < CUT_FROM and not _is_no_name_but_a_beginning(shorter.joined, longer.joined):
        return False
    return (
        len(longer.joined) >= len(shorter.joined) + 2  # one letter is a slip, or a sister: Constantina
        and longer.tokens[: len(shorter.tokens)] != shorter.tokens
    )


def _is_said_with_respect(shorter: str, longer: str) -> bool:
    """Whether what follows a Gujarati name is a sister or a brother: Kokilaben."""
    return len(shorter) >= RESPECT_FROM and longer[len(shorter) :] in _RESPECTFUL


def lacks_its_end(cut: str, name: str) -> bool:
    """Whether a first name lacks its last letter, and is nobody's without it: Charlott.

    What lacks an a may be a brother's, whom no list has: Priyank, of Priyanka. Registers had room for eight letters.
    """
    if name[:-1] != cut or len(cut) < (NO_NAME_CUT_FROM if name.endswith("e") else ROOM):
        return False
    return is_borne(name) and not is_borne(cut)


def _is_no_name_but_a_beginning(shorter: str, longer: str) -> bool:
    """Whether nobody is called by the beginning of a name: Bernadet, Jacquel."""
    cut = len(longer) - len(shorter) <= MOST_CUT and len(shorter) >= NO_NAME_CUT_FROM and longer.startswith(shorter)
    return cut and longer[len(shorter) :] not in _HER_ENDS and is_borne(longer) and not is_borne(shorter)


def is_last_name_cut(one: str, other: str) -> bool:
    """Whether one last name is the other as far as there was room: Shufflebot. Ends of names are not: Robertson."""
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    if len(shorter) < LAST_NAME_CUT_FROM or not longer.startswith(shorter):
        return False
    return 2 <= len(longer) - len(shorter) <= MOST_CUT and longer[len(shorter) :] not in _ENDS
