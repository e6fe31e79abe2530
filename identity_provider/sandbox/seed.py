"""What the sandbox begins with: three services, one administrator, and people whose outcome is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from matching.records import RecordStatus, TeachingRecord

RETURNING = "returning.teacher@example.com"
ADMINISTRATOR = "admin@example.com"
AGENT = "agent@example.com"


@dataclass(frozen=True, slots=True)
class PersonToTry:
    """Somebody to play: what to type, and what should happen."""

    email: str
    story: str
    first_name: str
    last_name: str
    date_of_birth: date
    expected_status: str
    expected_reason: str
    expected_trn: str | None = None
    middle_name: str = ""
    previous_last_names: tuple[str, ...] = ()
    nino: str = ""
    trn: str = ""
    has_qts: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """A record of the sample register that a person to try relies on."""

    trn: str
    first_name: str
    last_name: str
    date_of_birth: date
    nino: str = ""
    more: dict[str, object] = field(default_factory=dict)


_KNOWN = (
    _Known("9000101", "Grace", "Okonkwo-Hale", date(1984, 2, 17), "ZY120001A"),
    _Known("9000102", "Tomasz", "Wiśniewski", date(1979, 11, 3), "ZY120002B"),
    _Known("9000103", "Priya", "Raghunathan", date(1991, 6, 28), "", {"email": "priya.raghunathan@example.com"}),
    _Known("9000104", "Catherine", "Penhaligon", date(1988, 9, 9), "ZY120004D"),
    _Known("9000105", "Siobhán", "O'Shaughnessy", date(1976, 4, 21), "ZY120005A"),
    _Known("9000106", "Winston", "Achterberg", date(1990, 5, 7), "ZY120006B"),
    _Known("9000107", "Rosalind", "Thistlewood", date(1983, 8, 14), "ZY120007C"),
    _Known("9000108", "Rosalind", "Thistlewood", date(1983, 8, 14), "ZY120008D"),
    _Known("9000109", "Marguerite", "Fauntleroy", date(1971, 12, 1), "ZY120009A"),
    _Known("9000110", "Ezekiel", "Montgomery-Adeyemi", date(1995, 3, 30), "ZY120010B"),
    _Known("9000111", "Hyacinth", "Cholmondeley", date(1969, 7, 19), "ZY120011C", {"status": RecordStatus.DEACTIVATED}),
    _Known("9000112", "Bartholomew", "Quigglesworth", date(1986, 10, 5), "ZY120012D"),
    _Known(
        "9000113", "Bartholomew", "Quigglesworth", date(1986, 10, 5), "",
        {"status": RecordStatus.MERGED, "merged_into": "9000112"},
    ),
    # Held by none of the people to try: for whoever wants to play a case of their own.
    _Known("9000115", "Leopold", "Vandermeulen-Iqbal", date(1977, 6, 11), "ZY120015C"),
    _Known("9000114", "Philippa", "Merriweather", date(1980, 1, 25), "ZY120014B"),
)  # fmt: skip

PEOPLE = (
    PersonToTry(
        "grace@example.com", "Knows her TRN: found at once.",
        "Grace", "Okonkwo-Hale", date(1984, 2, 17), "Found", "matched", "9000101", trn="9000101",
    ),
    PersonToTry(
        "tomasz@example.com", "Leaves out the accent, gives his National Insurance number: found.",
        "Tomasz", "Wisniewski", date(1979, 11, 3), "Found", "matched", "9000102", nino="ZY 12 00 02 B",
    ),
    PersonToTry(
        "priya.raghunathan@example.com", "The register knows her email address: found before any further question.",
        "Priya", "Raghunathan", date(1991, 6, 28), "Found", "matched", "9000103",
    ),
    PersonToTry(
        "kate@example.com", "Goes by a short form of her first name: found by her TRN, written with a slash.",
        "Kate", "Penhaligon", date(1988, 9, 9), "Found", "matched", "9000104", trn="RP90/00104",
    ),
    PersonToTry(
        "siobhan@example.com", "Married since; gives her previous name and National Insurance number: found.",
        "Siobhan", "Carruthers", date(1976, 4, 21), "Found", "matched", "9000105",
        previous_last_names=("O'Shaughnessy",), nino="ZY120005A",
    ),
    PersonToTry(
        "winston@example.com", "Swaps day and month of his birthday, but gives his TRN: found.",
        "Winston", "Achterberg", date(1990, 7, 5), "Found", "matched", "9000106", trn="9000106",
    ),
    PersonToTry(
        "rosalind@example.com", "Two records have her name and birthday, and she gives no number: for the helpdesk.",
        "Rosalind", "Thistlewood", date(1983, 8, 14), "Pending", "ambiguous", has_qts=True,
    ),
    PersonToTry(
        "marguerite@example.com", "One digit of her TRN is wrong: near, but a person decides.",
        "Marguerite", "Fauntleroy", date(1971, 12, 1), "Pending", "near_match", trn="9000190", has_qts=True,
    ),
    PersonToTry(
        "ezekiel@example.com", "Gives the TRN of somebody else: never linked to it.",
        "Nathaniel", "Brackenbury", date(1962, 2, 2), "Pending", "stated_trn_conflicts", trn="9000110", has_qts=True,
    ),
    PersonToTry(
        "hyacinth@example.com", "Her record is closed: a case for the helpdesk.",
        "Hyacinth", "Cholmondeley", date(1969, 7, 19), "Pending", "near_match", nino="ZY120011C", has_qts=True,
    ),
    PersonToTry(
        "bartholomew@example.com", "Gives the TRN of a record that was merged: found under the one that remains.",
        "Bartholomew", "Quigglesworth", date(1986, 10, 5), "Found", "matched", "9000112", trn="9000113",
    ),
    PersonToTry(
        "zebedee@example.com", "In no register, no TRN, no QTS: no record.",
        "Zebedee", "Ravenscroft-Ngata", date(1999, 4, 1), "None", "no_record", nino="ZY129999A",
    ),
    PersonToTry(
        "ottoline@example.com", "In no register but says she has QTS: nobody takes her for a person without a record.",
        "Ottoline", "Featherstonehaugh-Ito", date(1974, 9, 23), "Pending", "claims_qts", has_qts=True,
    ),
    PersonToTry(
        RETURNING, "Has been here before: only the code is asked for.",
        "Philippa", "Merriweather", date(1980, 1, 25), "Found", "matched", "9000114", trn="9000114",
    ),
)  # fmt: skip
"""Nobody here exists: their names are improbable and their numbers made up."""


def known_records() -> list[TeachingRecord]:
    """The records that the people to try rely on; the sample register holds them beside the generated ones."""
    return [
        TeachingRecord(
            trn=each.trn,
            first_name=each.first_name,
            last_name=each.last_name,
            date_of_birth=each.date_of_birth,
            nino=each.nino,
            **each.more,  # type: ignore[arg-type]  # the keys are TeachingRecord's own
        )
        for each in _KNOWN
    ]
