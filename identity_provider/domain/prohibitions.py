"""Whether a person may be handed to a service that refuses people with a prohibition: pure, given their record."""

from __future__ import annotations

from enum import StrEnum


class Standing(StrEnum):
    """What the register says of prohibitions on the record that a person is linked to."""

    CLEAR = "clear"
    PROHIBITED = "prohibited"
    # The register did not answer, or its answer did not speak of alerts: never the same as "no alert".
    UNKNOWN = "unknown"


def standing(prohibited: tuple[bool | None, ...]) -> Standing:
    """The standing of somebody of whose records the register says these things, one each; None is "it does not say".

    Nothing said at all is `UNKNOWN`: a record that the register has lost is no record without alerts.
    """
    if True in prohibited:
        return Standing.PROHIBITED
    return Standing.UNKNOWN if None in prohibited or not prohibited else Standing.CLEAR
