"""Stored words as people read them, for every slice of the console."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import gettext as _

from identity_provider.models import CaseStatus, Resolution


def label_of(word: StrEnum | str) -> str:
    """A stored word as people read it."""
    labels = {
        CaseStatus.OPEN.value: _("Open"),
        CaseStatus.RESOLVED.value: _("Resolved"),
        Resolution.TRN_ATTACHED.value: _("TRN attached"),
        Resolution.NO_TRN.value: _("Confirmed that there is no TRN"),
        Resolution.MATCHED_LATER.value: _("Record found automatically"),
        Resolution.WITHDRAWN.value: _("Withdrawn"),
    }
    return str(labels.get(str(word), str(word).replace("_", " ").capitalize()))
