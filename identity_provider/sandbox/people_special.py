"""Questions that are special by whose details they state: other people's numbers, twins, closed records, strangers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from identity_provider.sandbox.people_asking import (
    UNSURE,
    Labelled,
    Population,
    identified,
    plain_statement,
    unique,
)
from identity_provider.sandbox.people_errors import DoesNotApplyError, Stated
from matching.normalise import fold


def trn_typo(people: Population) -> Labelled:
    record, rng = unique(people), people.rng
    while True:
        digits = list(record.trn)
        at = rng.randrange(7)
        if rng.random() < 0.5 and at < 6:
            digits[at], digits[at + 1] = digits[at + 1], digits[at]
        else:
            digits[at] = rng.choice("0123456789")
        typed = "".join(digits)
        if typed != record.trn and typed not in people.by_trn:
            return Labelled(replace(plain_statement(people, record), trn=typed), "trn_typo", record.trn, "match")


def trn_formatted(people: Population) -> Labelled:
    record = people.somebody()
    form = people.rng.choice(("RP {}/{}", "{}/{}", "rp{}{}", " {} {} ", "TRN {}-{}"))
    stated = replace(plain_statement(people, record), trn=form.format(record.trn[:2], record.trn[2:]))
    return Labelled(stated, "trn_formatted", record.trn, "match")


def nino_typo(people: Population) -> Labelled:
    record = unique(people)
    if not record.nino:
        raise DoesNotApplyError
    at = people.rng.randrange(2, 8)
    typed = record.nino[:at] + str((int(record.nino[at]) + 1) % 10) + record.nino[at + 1 :]
    return Labelled(replace(plain_statement(people, record), nino=typed), "nino_typo", record.trn, "match", UNSURE)


def trn_of_other(people: Population) -> Labelled:
    record, other = people.somebody(), people.somebody()
    stated = replace(plain_statement(people, record), trn=other.trn)
    return Labelled(stated, "trn_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def trn_of_twin(people: Population) -> Labelled:
    record, other = people.rng.choice(people.twins)
    stated = replace(plain_statement(people, record), trn=other.trn)
    return Labelled(stated, "trn_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def nino_of_other(people: Population) -> Labelled:
    record, other = people.somebody(), people.somebody()
    if not other.nino:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, record), nino=other.nino)
    return Labelled(stated, "nino_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def twin_exact(people: Population) -> Labelled:
    record, _ = people.rng.choice(people.twins)
    stated, ident = identified(plain_statement(people, record), record, people.rng)
    return Labelled(stated, ident, record.trn, "match")


def goes_by_another_name(people: Population) -> Labelled:
    """State both numbers, and a first name that no register has."""
    record, stranger = unique(people), next(people.strangers)
    if not record.nino or fold(stranger.first) in (fold(record.first), fold(record.middle)):
        raise DoesNotApplyError
    stated = replace(plain_statement(people, record), first=stranger.first, trn=record.trn, nino=record.nino)
    return Labelled(stated, "trn", record.trn, "match")


def both_numbers_of_twin(people: Population) -> Labelled:
    """Let one line's names stand beside the next line's numbers, where twins stand together."""
    record, other = people.rng.choice(people.twins)
    if not other.nino:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, record), trn=other.trn, nino=other.nino)
    return Labelled(stated, "trn_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def merged_old_trn(people: Population) -> Labelled:
    old = people.rng.choice([record for record in people.held[:200_000] if record.status == "merged"])
    survivor = people.by_trn[old.merged_into]
    if survivor.status != "active":
        raise DoesNotApplyError
    stated = replace(plain_statement(people, survivor), trn=old.trn)
    return Labelled(stated, "trn_merged", survivor.trn, "match")


def deactivated(people: Population) -> Labelled:
    record = people.rng.choice([record for record in people.held[:200_000] if record.status == "deactivated"])
    if people.same[record.identity]:
        raise DoesNotApplyError
    stated, ident = identified(plain_statement(people, record), record, people.rng)
    return Labelled(stated, ident, record.trn, UNSURE, "ambiguous")


def name_only(people: Population) -> Labelled:
    record = people.somebody()
    stated = replace(plain_statement(people, record), born="")
    return Labelled(stated, "none", record.trn, UNSURE, "ambiguous")


def trn_only(people: Population) -> Labelled:
    record = people.somebody()
    return Labelled(Stated("", "", "", "", "", trn=record.trn), "trn", record.trn, UNSURE)


def absent(stated: Stated, ident: str, expected: str) -> Labelled:
    others = {"none", UNSURE, "ambiguous"} - {expected}
    return Labelled(stated, ident, "", expected, ";".join(sorted(others)))


def absent_random(people: Population) -> Labelled:
    return absent(plain_statement(people, next(people.strangers)), "none", "none")


def absent_random_nino(people: Population) -> Labelled:
    stranger = next(people.strangers)
    if not stranger.nino:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, stranger), nino=stranger.nino)
    return absent(stated, "nino_unheld", "none")


def absent_trn_of_other(people: Population) -> Labelled:
    stated = replace(plain_statement(people, next(people.strangers)), trn=people.somebody().trn)
    return absent(stated, "trn_other", UNSURE)


def absent_trn_unissued(people: Population) -> Labelled:
    stated = replace(plain_statement(people, next(people.strangers)), trn=people.unissued())
    return absent(stated, "trn_unissued", UNSURE)


def absent_twin(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    # Nobody calls one twin by the middle name of the other.
    if fold(stranger.first) in (fold(record.first), fold(record.middle)):
        raise DoesNotApplyError
    stated = replace(plain_statement(people, record), first=stranger.first, middle="")
    return absent(stated, "none", UNSURE)


def absent_twin_with_trn(people: Population) -> Labelled:
    twin = absent_twin(people)
    holder = people.rng.choice(people.families[fold(twin.stated.last), twin.stated.born])
    return absent(replace(twin.stated, trn=holder.trn), "trn_other", UNSURE)


def absent_child_with_trn(people: Population) -> Labelled:
    """Let a child of the same name, or not, state a parent's TRN."""
    record, stranger = people.somebody(), next(people.strangers)
    born = date.fromisoformat(record.born) + timedelta(days=people.rng.randrange(7500, 12000))
    if born.year > 2006:
        raise DoesNotApplyError
    first = record.first if people.rng.random() < 0.5 else stranger.first
    stated = replace(plain_statement(people, record), first=first, middle="", born=born.isoformat())
    return absent(replace(stated, trn=record.trn), "trn_other", UNSURE)


def absent_spouse_with_trn(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    stated = replace(plain_statement(people, stranger), last=record.last, trn=record.trn)
    return absent(stated, "trn_other", UNSURE)


def absent_namesake(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    return absent(replace(plain_statement(people, record), born=stranger.born, middle=""), "none", "none")


def absent_sibling(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    stated = replace(plain_statement(people, stranger), last=record.last)
    return absent(stated, "none", "none")


def absent_collides(people: Population) -> Labelled:
    return absent(replace(plain_statement(people, people.somebody()), middle=""), "none", UNSURE)


SPECIAL: Final[dict[str, Callable[[Population], Labelled]]] = {
    function.__name__: function
    for function in (
        trn_typo, trn_formatted, nino_typo, trn_of_other, trn_of_twin, nino_of_other, twin_exact,
        goes_by_another_name, both_numbers_of_twin, merged_old_trn,
        deactivated, name_only, trn_only, absent_random, absent_random_nino, absent_trn_of_other,
        absent_trn_unissued, absent_twin, absent_twin_with_trn, absent_child_with_trn, absent_spouse_with_trn,
        absent_namesake, absent_sibling, absent_collides,
    )
}  # fmt: skip
