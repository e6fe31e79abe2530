"""Services that refuse people with a prohibition: the register is asked whenever something is to be issued to them."""

from __future__ import annotations

from time import monotonic

import structlog

from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.prohibitions import Standing, standing
from identity_provider.models import Client
from identity_provider.ports import TeacherRegister
from identity_provider.services.register_search import Impatient

PATIENCE_SECONDS = 4.0

log = structlog.get_logger("prohibitions")


def bars(client: Client, trn: str | None, register: TeacherRegister) -> Standing | None:
    """Why this service may not be given this person; None when nothing stands in the way.

    Only a service with `block_prohibited` asks, and only a linked record can be asked about. Silence of the register,
    or an answer that does not speak of alerts, bars as well: it is not "no alert" (domain.md, "the sentence that
    decides every doubtful case"). Not to be called inside a transaction: the register is an outside thing.
    """
    if not client.block_prohibited or trn is None:
        return None
    found = _ask(trn, register)
    if found is Standing.UNKNOWN:
        log.error("prohibition_not_known", client_id=client.id)
    return None if found is Standing.CLEAR else found


def _ask(trn: str, register: TeacherRegister) -> Standing:
    try:
        records = Impatient(register, monotonic() + PATIENCE_SECONDS).find_by_identifiers(trn, "")
    except (RegisterUnavailable, TimeoutError):
        return Standing.UNKNOWN
    own = [record for record in records if record.trn == trn]
    survivors = [record for record in records if record.trn in {each.merged_into for each in own}]
    # Where the record was merged into another one, that one speaks; a prohibition on either counts.
    said = [record.may_be_prohibited for record in survivors or own]
    return standing((*said, *(record.may_be_prohibited for record in own if record.may_be_prohibited)))
