"""Whom one can be at the sandbox's GOV.UK One Login: people of the sample register, and how far each gets there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

SUBJECT = "urn:fdc:gov.uk:2022:sandbox-{}"


@dataclass(frozen=True)
class OneLoginPerson:
    """Somebody with a One Login. `proved` is the level that they reach; names are as their passport prints them."""

    slug: str
    story: str
    email: str
    given_names: tuple[str, ...]
    family_name: str
    date_of_birth: date
    proved: str = "P2"
    former_family_name: str = ""
    email_verified: bool = True
    return_code: str = "C"

    @property
    def subject(self) -> str:
        """What One Login calls them to us."""
        return SUBJECT.format(self.slug)

    @property
    def credential(self) -> dict[str, Any]:
        """The `vc` of a core identity JWT."""
        names = [_name(self.given_names, self.family_name, {"validFrom": "2015-07-01"})]
        if self.former_family_name:
            names.append(_name(self.given_names, self.former_family_name, {"validUntil": "2015-07-01"}))
        return {
            "type": ["VerifiableCredential", "IdentityCheckCredential"],
            "credentialSubject": {"name": names, "birthDate": [{"value": self.date_of_birth.isoformat()}]},
        }


def _name(given: tuple[str, ...], family: str, validity: dict[str, str]) -> dict[str, Any]:
    parts = [{"type": "GivenName", "value": each} for each in given]
    return {**validity, "nameParts": [*parts, {"type": "FamilyName", "value": family}]}


PEOPLE = (
    OneLoginPerson(
        "leopold", "Proves who he is: his record is found without any number.",
        "leopold@example.com", ("LEOPOLD",), "VANDERMEULEN-IQBAL", date(1977, 6, 11),
    ),
    OneLoginPerson(
        "philippa", "Has an account here, of the same address.",
        "returning.teacher@example.com", ("Philippa",), "Merriweather", date(1980, 1, 25),
    ),
    OneLoginPerson(
        "grace", "Her One Login has another address than her account here will have.",
        "grace.at.home@example.net", ("Grace",), "Okonkwo-Hale", date(1984, 2, 17),
    ),
    OneLoginPerson(
        "siobhan", "Changed her name: One Login knows both.",
        "siobhan@example.com", ("Siobhan",), "Carruthers", date(1976, 4, 21), former_family_name="O'Shaughnessy",
    ),
    OneLoginPerson(
        "zebedee", "Proves who he is, and is in no register.",
        "zebedee@example.com", ("Zebedee",), "Ravenscroft-Ngata", date(1999, 4, 1),
    ),
    OneLoginPerson(
        "winston", "Signs in, and can not prove who he is.",
        "winston@example.com", ("Winston",), "Achterberg", date(1990, 7, 5), proved="",
    ),
    OneLoginPerson(
        "ottoline", "Reaches a low level only.",
        "ottoline@example.com", ("Ottoline",), "Featherstonehaugh-Ito", date(1974, 9, 23), proved="P1",
    ),
)  # fmt: skip
"""Nobody here exists."""
