"""Why a record resembles a person, said to an agent: one sentence for each comparison, without the values compared.

The values stand in the rows beside it, as people write them. matching/explain.py says the same with the values, in
English, for the audit and the command line; a test holds the two together.
"""

from __future__ import annotations

from flask_babel import gettext as _

from identity_provider.domain.words import N_
from matching.comparisons import Field, Level
from matching.explain import Meaning, meaning
from matching.posterior import Candidate

SENTENCES = {
    (Field.FIRST_NAME, Level.SAME): N_("Same first name."),
    (Field.FIRST_NAME, Level.PART): N_("One first name is a part of the other."),
    (Field.FIRST_NAME, Level.VARIANT): N_("First name is a short or other form."),
    (Field.FIRST_NAME, Level.NEARLY): N_("First name is spelled slightly differently."),
    (Field.FIRST_NAME, Level.INITIAL): N_("First name agrees in its initial only."),
    (Field.FIRST_NAME, Level.MIDDLE): N_("A middle name, or a form of it, is used as the first name."),
    (Field.FIRST_NAME, Level.SWAPPED): N_("First name stands in another name's place."),
    (Field.FIRST_NAME, Level.SIMILAR): N_("First names are similar."),
    (Field.FIRST_NAME, Level.BEGINNING): N_("One first name begins the other."),
    (Field.FIRST_NAME, Level.ANOTHER): N_("First name is another name, though a similar one."),
    (Field.LAST_NAME, Level.SAME): N_("Same last name."),
    (Field.LAST_NAME, Level.PART): N_("The last names share a part."),
    (Field.LAST_NAME, Level.VARIANT): N_("Last name is another spelling."),
    (Field.LAST_NAME, Level.NEARLY): N_("Last name is spelled slightly differently."),
    (Field.LAST_NAME, Level.SWAPPED): N_("Last name stands in another name's place."),
    (Field.LAST_NAME, Level.SIMILAR): N_("Last names are similar."),
    (Field.LAST_NAME, Level.BEGINNING): N_("One last name begins the other."),
    (Field.LAST_NAME, Level.ANOTHER): N_("Last name is another name, though a similar one."),
    (Field.MIDDLE_NAME, Level.SAME): N_("Same middle name."),
    (Field.MIDDLE_NAME, Level.INITIAL): N_("Middle name agrees in its initial."),
    (Field.MIDDLE_NAME, Level.SIMILAR): N_("Middle names are similar."),
    (Field.DATE_OF_BIRTH, Level.SAME): N_("Same date of birth."),
    (Field.DATE_OF_BIRTH, Level.DAY_MONTH_SWAPPED): N_("Day and month of birth are swapped."),
    (Field.DATE_OF_BIRTH, Level.YEAR_DIGITS_SWAPPED): N_("Digits of the year are swapped."),
    (Field.DATE_OF_BIRTH, Level.DIGITS_SWAPPED): N_("Digits of the date are swapped."),
    (Field.DATE_OF_BIRTH, Level.ONE_DIGIT): N_("Date of birth differs in one digit."),
    (Field.DATE_OF_BIRTH, Level.TWO_PARTS): N_("Dates agree in two parts, or are within a week."),
    (Field.DATE_OF_BIRTH, Level.UNREADABLE): N_("The date of birth given cannot be one."),
    (Field.TRN, Level.SAME): N_("The TRN given is this record's."),
    (Field.TRN, Level.ONE_SLIP): N_("The TRN given differs by one slip."),
    (Field.TRN, Level.DIFFERENT): N_("The TRN given is another one."),
    (Field.NINO, Level.SAME): N_("The National Insurance number given is this record's."),
    (Field.NINO, Level.ONE_SLIP): N_("The National Insurance number given differs by one slip."),
    (Field.NINO, Level.DIFFERENT): N_("The National Insurance number given is another one."),
    (Field.EMAIL, Level.SAME): N_("Same email address, which no other record that was found has."),
    (Field.EMAIL, Level.SHARED): N_("Same email address, but several records share it."),
    (Field.FIRST_NAME, Level.DIFFERENT): N_("First name differs."),
    (Field.MIDDLE_NAME, Level.DIFFERENT): N_("Middle name differs."),
    (Field.LAST_NAME, Level.DIFFERENT): N_("Last name differs."),
    (Field.DATE_OF_BIRTH, Level.DIFFERENT): N_("Date of birth differs."),
    (Field.EMAIL, Level.DIFFERENT): N_("Email address differs."),
}


MEANINGS = {
    Meaning.FURTHER_NAMES: N_("Same first name, and further ones on one side."),
    Meaning.BROTHERS_SHARE: N_("Same first name, which brothers share, and another one behind it."),
    Meaning.LOST_LETTERS: N_("First name agrees in the letters that the record has of it."),
    Meaning.ONE_IN_COMMON: N_("The middle names have one in common."),
    Meaning.CROSSWISE: N_("First and middle name stand in each other's place."),
    Meaning.ANOTHER_DECADE: N_("Year of birth is ten years or a century off."),
    Meaning.YEAR_ALONE: N_("Same year of birth, and the first of January on one side."),
    Meaning.MERGED: N_("The TRN given is that of a record that was merged into this one."),
}


def sentences_of(candidate: Candidate) -> tuple[str, ...]:
    """Why, the strongest evidence first; how rare a name is shows in the weight, and says nothing in words."""
    ordered = sorted(candidate.comparisons, key=lambda each: -abs(each.bits))
    trn = candidate.record.trn
    said = (
        MEANINGS[more] if (more := meaning(each, trn)) else SENTENCES.get((each.field, each.level)) for each in ordered
    )
    return tuple(str(_(text)) for text in said if text)
