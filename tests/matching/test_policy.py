"""Rules that link, blocks that forbid, policies that release."""

from typing import Any

import pytest

from matching.comparisons import Level
from matching.evidence import Evidence
from matching.policy import Rule, linking_rule

NOTHING = Evidence(Level.MISSING, Level.MISSING, Level.MISSING, Level.MISSING, Level.MISSING, Level.MISSING)
BOTH = {"first": Level.SAME, "last": Level.SAME}


@pytest.mark.parametrize(
    ("levels", "rule"),
    [
        ({"trn": Level.SAME, "born": Level.SAME, "first": Level.SAME}, Rule.IDENTIFIER_BIRTHDAY_AND_NAME),
        ({"nino": Level.SAME, "born": Level.SAME, "last": Level.NEARLY}, Rule.IDENTIFIER_BIRTHDAY_AND_NAME),
        ({"trn": Level.SAME, "born": Level.SAME, "last": Level.SAME, "first": Level.DIFFERENT}, None),
        ({"trn": Level.SAME, **BOTH}, Rule.IDENTIFIER_AND_NAMES),
        ({"trn": Level.SAME, **BOTH, "born": Level.ONE_DIGIT}, Rule.IDENTIFIER_AND_NAMES),
        ({"trn": Level.SAME, **BOTH, "born": Level.DIFFERENT}, None),
        ({"trn": Level.SAME, **BOTH, "born": Level.UNREADABLE}, Rule.IDENTIFIER_AND_NAMES),
        (
            {
                "trn": Level.SAME,
                "first": Level.VARIANT,
                "last": Level.SAME,
                "born": Level.UNREADABLE,
                "often_two_people": True,
            },
            None,
        ),
        ({"trn": Level.SAME, "nino": Level.SAME, **BOTH, "born": Level.DIFFERENT}, Rule.BOTH_IDENTIFIERS_AND_NAMES),
        (
            {"trn": Level.SAME, "first": Level.SAME, "last": Level.DIFFERENT, "born": Level.ONE_DIGIT},
            Rule.IDENTIFIER_FIRST_NAME_AND_NEAR_DATE,
        ),
        ({"trn": Level.SAME, "first": Level.SAME, "last": Level.DIFFERENT, "born": Level.TWO_PARTS}, None),
        ({"trn": Level.ONE_SLIP, **BOTH, "born": Level.SAME}, Rule.NEAR_IDENTIFIER_NAMES_AND_BIRTHDAY),
        ({"trn": Level.ONE_SLIP, **BOTH, "born": Level.ONE_DIGIT}, None),
        ({**BOTH, "born": Level.SAME}, Rule.NAMES_AND_BIRTHDAY),
        ({"first": Level.MIDDLE, "last": Level.SAME, "born": Level.SAME}, None),
        ({"first": Level.INITIAL, "last": Level.SAME, "born": Level.SAME}, None),
        ({**BOTH}, None),
        ({"trn": Level.SAME, "first": Level.VARIANT, "last": Level.SAME}, Rule.IDENTIFIER_AND_NAMES),
        ({"trn": Level.SAME, "first": Level.VARIANT, "last": Level.SAME, "often_two_people": True}, None),
        ({"trn": Level.SAME}, None),
        ({"trn": Level.SAME, "born": Level.SAME}, None),
        ({"email": Level.SAME, "born": Level.SAME, "last": Level.SAME}, None),
        ({}, None),
    ],
)
def test_evidence_satisfies_its_rule(levels: dict[str, Any], rule: Rule | None) -> None:
    assert linking_rule(NOTHING._replace(**levels)) is rule
