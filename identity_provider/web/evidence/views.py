"""One file, fetched by software that was given its link: the DQT, when it is asked to change a name."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from werkzeug.exceptions import ServiceUnavailable

from identity_provider.db import transaction
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.evidence_files import file_of_link
from identity_provider.kit.links import LinkExpired, LinkInvalid
from identity_provider.kit.sandboxed import sandboxed_file
from identity_provider.ports import StoreUnavailable
from identity_provider.services import change_reports, evidence
from identity_provider.services.audit import Actor
from identity_provider.services.evidence import EvidenceNotShown

bp = Blueprint("evidence", __name__)

BEARER = Actor("system", "evidence_link", "Whoever was given the link")


@bp.get("/evidence/<token>")
@open_to(Audience.ANYONE)
def fetch(token: str) -> Response:
    """The file, to be saved, never shown; for as long as the link lasts, and each time it is written down."""
    now = ports().clock.now()
    try:
        evidence_id = file_of_link(token, now=now)
        content, media_type = evidence.contents(evidence_id, ports().evidence_store, actor=BEARER, now=now)
        with transaction():
            change_reports.evidence_was_fetched(evidence_id, now=now)
    except LinkExpired:
        abort(410)
    except (LinkInvalid, EvidenceNotShown):
        abort(404)
    except StoreUnavailable as silence:
        raise ServiceUnavailable(retry_after=5) from silence
    # What the person called it is not the bearer's to know from here.
    return sandboxed_file(content, media_type, name="evidence", attachment=True)
