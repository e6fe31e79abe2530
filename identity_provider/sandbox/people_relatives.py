"""Questions that only family, shared numbers or the register's own history make hard."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from identity_provider.sandbox.people_asking import UNSURE, Held, Labelled, Population, plain_statement, unique
from identity_provider.sandbox.people_errors import DoesNotApplyError, Stated
from identity_provider.sandbox.people_slips import day_off_by_one
from matching.given_names import given_name_forms
from matching.normalise import fold

_TRIES: Final = 400


def _own_or_unsure(stated: Stated, ident: str, record: Held) -> Labelled:
    return Labelled(stated, ident, record.trn, UNSURE, f"match:{record.trn};ambiguous")


def _stranger_says(stated: Stated, ident: str) -> Labelled:
    """Somebody who is in no register: a link would be to another person."""
    return Labelled(stated, ident, "", UNSURE, "none;ambiguous")


def _pair(people: Population, born_within: range) -> tuple[Held, Held]:
    """Two open records of one family name whose days of birth lie so many days apart."""
    for _ in range(_TRIES):
        one = people.somebody()
        born = date.fromisoformat(one.born)
        for other in people.named(one.last):
            apart = abs((date.fromisoformat(other.born) - born).days)
            if other.trn != one.trn and apart in born_within and fold(other.first) != fold(one.first):
                return one, other
    raise DoesNotApplyError


def trn_of_spouse(people: Population) -> Labelled:
    record, other = _pair(people, range(1, 3650))
    return _own_or_unsure(replace(plain_statement(people, record), trn=other.trn), "trn_other", record)


def nino_of_spouse(people: Population) -> Labelled:
    record, other = _pair(people, range(1, 3650))
    if not other.nino:
        raise DoesNotApplyError
    return _own_or_unsure(replace(plain_statement(people, record), nino=other.nino), "nino_other", record)


def trn_of_parent(people: Population) -> Labelled:
    record, other = _pair(people, range(7300, 14600))
    return _own_or_unsure(replace(plain_statement(people, record), trn=other.trn), "trn_other", record)


def nino_of_twin(people: Population) -> Labelled:
    record, other = people.rng.choice(people.twins)
    if not other.nino:
        raise DoesNotApplyError
    return _own_or_unsure(replace(plain_statement(people, record), nino=other.nino), "nino_other", record)


def twin_by_initial(people: Population) -> Labelled:
    """Let a twin state an initial that both have."""
    alike = [pair for pair in people.twins if fold(pair[0].first)[:1] == fold(pair[1].first)[:1]]
    record, _ = people.rng.choice(alike)
    stated = replace(plain_statement(people, record), first=record.first[:1], middle="")
    return _own_or_unsure(stated, "none", record)


def _like(people: Population, name: str, *, letters: int) -> str:
    """Find another first name that begins with the same letters and is no form of this one."""
    own = fold(name)
    for _ in range(_TRIES):
        found = fold(people.somebody().first)
        if found[:letters] == own[:letters] and found != own and found not in given_name_forms(own) and len(found) > 2:
            return found.title()
    raise DoesNotApplyError


def _absent_twin_like(people: Population, letters: int) -> tuple[Stated, Held]:
    record = people.somebody()
    first = _like(people, record.first, letters=letters)
    if fold(first) == fold(record.middle):
        raise DoesNotApplyError
    return replace(plain_statement(people, record), first=first, middle=""), record


def absent_twin_alike_with_trn(people: Population) -> Labelled:
    stated, record = _absent_twin_like(people, 1)
    return _stranger_says(replace(stated, trn=record.trn), "trn_other")


def absent_twin_very_alike_with_trn(people: Population) -> Labelled:
    stated, record = _absent_twin_like(people, 3)
    return _stranger_says(replace(stated, trn=record.trn), "trn_other")


def absent_twin_alike(people: Population) -> Labelled:
    return _stranger_says(_absent_twin_like(people, 3)[0], "none")


def absent_twin_with_nino(people: Population) -> Labelled:
    stated, record = _absent_twin_like(people, 1)
    if not record.nino:
        raise DoesNotApplyError
    return _stranger_says(replace(stated, nino=record.nino), "nino_other")


def absent_twin_family_email(people: Population) -> Labelled:
    stated, record = _absent_twin_like(people, 1)
    if not record.email:
        raise DoesNotApplyError
    return _stranger_says(replace(stated, email=record.email), "email_other")


def absent_sibling_family_email(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    if not record.email:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, stranger), last=record.last, email=record.email)
    return _stranger_says(stated, "email_other")


def absent_spouse_with_nino(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    if not record.nino:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, stranger), last=record.last, nino=record.nino)
    return _stranger_says(stated, "nino_other")


def absent_child_same_name_with_nino(people: Population) -> Labelled:
    record = people.somebody()
    born = date.fromisoformat(record.born) + timedelta(days=people.rng.randrange(7300, 12000))
    if born.year > 2006 or not record.nino:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, record), middle="", born=born.isoformat(), nino=record.nino)
    return _stranger_says(stated, "nino_other")


def absent_namesake_near_birthday(people: Population) -> Labelled:
    record = people.somebody()
    stated = day_off_by_one(replace(plain_statement(people, record), middle=""), people.rng)
    return _stranger_says(stated, "none")


def absent_namesake_with_other_nino(people: Population) -> Labelled:
    """Same name and birthday as a record that holds another National Insurance number."""
    record, stranger = people.somebody(), next(people.strangers)
    if not (record.nino and stranger.nino):
        raise DoesNotApplyError
    return _stranger_says(replace(plain_statement(people, record), middle="", nino=stranger.nino), "nino_unheld")


def absent_first_name_and_birthday(people: Population) -> Labelled:
    """Share first name and birthday, not the family name, with a record whose TRN is stated by mistake."""
    record, stranger = people.somebody(), next(people.strangers)
    if fold(stranger.last) == fold(record.last):
        raise DoesNotApplyError
    stated = replace(plain_statement(people, stranger), first=record.first, born=record.born)
    return Labelled(replace(stated, trn=_slip(record.trn, people)), "trn_other", "", UNSURE, "none;ambiguous")


def _slip(trn: str, people: Population) -> str:
    at = people.rng.randrange(6)
    swapped = trn[:at] + trn[at + 1] + trn[at] + trn[at + 2 :]
    if swapped == trn or swapped in people.by_trn:
        raise DoesNotApplyError
    return swapped


def trn_slip_held_by_another(people: Population) -> Labelled:
    record = unique(people)
    for at in range(6):
        typed = record.trn[:at] + record.trn[at + 1] + record.trn[at] + record.trn[at + 2 :]
        if typed != record.trn and typed in people.by_trn:
            return _own_or_unsure(replace(plain_statement(people, record), trn=typed), "trn_other", record)
    raise DoesNotApplyError


def trn_with_letters(people: Population) -> Labelled:
    record = people.somebody()
    typed = record.trn.replace("0", people.rng.choice("Oo")).replace("1", people.rng.choice("Il"))
    if typed == record.trn:
        raise DoesNotApplyError
    return Labelled(replace(plain_statement(people, record), trn=typed), "trn_formatted", record.trn, "match")


def nino_with_letters(people: Population) -> Labelled:
    record = unique(people)
    typed = record.nino[:2] + record.nino[2:].replace("0", "O").replace("1", "I")
    if typed == record.nino:
        raise DoesNotApplyError
    return Labelled(replace(plain_statement(people, record), nino=typed), "nino", record.trn, "match", UNSURE)


def nino_without_suffix(people: Population) -> Labelled:
    record = unique(people)
    if not record.nino:
        raise DoesNotApplyError
    form = people.rng.choice(("{}{}{}{}", "{} {} {} {}", "{}-{}-{}-{}", "{}{} {}{}"))
    typed = form.format(record.nino[:2], record.nino[2:4], record.nino[4:6], record.nino[6:8])
    return Labelled(replace(plain_statement(people, record), nino=typed), "nino", record.trn, "match", "ambiguous")


def nino_temporary(people: Population) -> Labelled:
    """State the temporary number that payrolls make of a birthday: nobody's, and no contradiction."""
    record = unique(people)
    day = record.born
    typed = f"TN{day[8:]}{day[5:7]}{day[2:4]}{people.rng.choice('FM')}"
    return Labelled(replace(plain_statement(people, record), nino=typed), "none", record.trn, "match", UNSURE)


def merged_chain(people: Population) -> Labelled:
    """State the TRN of a record that was merged twice, with the details of the last."""
    old = people.rng.choice(people.chained)
    last = people.by_trn[people.by_trn[old.merged_into].merged_into]
    stated = replace(plain_statement(people, last), trn=old.trn)
    return Labelled(stated, "trn_merged", last.trn, "match", f"{UNSURE};ambiguous")


def merged_chain_by_name(people: Population) -> Labelled:
    old = people.rng.choice(people.chained)
    last = people.by_trn[people.by_trn[old.merged_into].merged_into]
    return Labelled(plain_statement(people, last), "none", last.trn, "match", f"{UNSURE};ambiguous")


def closed_and_open(people: Population) -> Labelled:
    """Have a closed record beside the open one, and state the TRN of the open one."""
    _, record = people.rng.choice(people.reopened)
    stated = replace(plain_statement(people, record), trn=record.trn)
    return Labelled(stated, "trn", record.trn, "match", f"{UNSURE};ambiguous")


def closed_and_open_old_trn(people: Population) -> Labelled:
    closed, record = people.rng.choice(people.reopened)
    return _own_or_unsure(replace(plain_statement(people, record), trn=closed.trn), "trn_other", record)


def no_date_with_trn_of_parent(people: Population) -> Labelled:
    """Give no date of birth, and the TRN of a relative of another first name."""
    record, other = _pair(people, range(1, 14600))
    return _own_or_unsure(replace(plain_statement(people, record), born="", trn=other.trn), "trn_other", record)


def absent_no_date_with_trn_of_relative(people: Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    if fold(stranger.first)[:1] == fold(record.first)[:1]:
        raise DoesNotApplyError
    stated = replace(plain_statement(people, stranger), last=record.last, born="", trn=record.trn)
    return _stranger_says(stated, "trn_other")


RELATIVES: Final[dict[str, Callable[[Population], Labelled]]] = {
    function.__name__: function
    for function in (
        trn_of_spouse, nino_of_spouse, trn_of_parent, nino_of_twin, twin_by_initial, absent_twin_alike_with_trn,
        absent_twin_very_alike_with_trn, absent_twin_alike, absent_twin_with_nino, absent_twin_family_email,
        absent_sibling_family_email, absent_spouse_with_nino, absent_child_same_name_with_nino,
        absent_namesake_near_birthday, absent_namesake_with_other_nino, absent_first_name_and_birthday,
        trn_slip_held_by_another, trn_with_letters, nino_with_letters, nino_without_suffix, nino_temporary,
        merged_chain, merged_chain_by_name, closed_and_open, closed_and_open_old_trn, no_date_with_trn_of_parent,
        absent_no_date_with_trn_of_relative,
    )
}  # fmt: skip
